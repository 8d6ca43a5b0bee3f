"""The days of an account: none is skipped, none comes twice, whatever the clocks of its country do."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.resilience.account_days import LATER, day_of, is_known, next_day_begins

ZONES = [
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "America/Sao_Paulo",
    "US/Eastern",
    "UTC",
]
MOMENTS = st.datetimes(dt.datetime(2015, 1, 1), dt.datetime(2035, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


def moment(text: str) -> dt.datetime:
    """A moment in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("now", "day", "ends"),
    [
        ("2026-11-23T17:00:00", "2026-11-23", "2026-11-24T05:01:00"),
        ("2026-11-24T05:00:30", "2026-11-23", "2026-11-24T05:01:00"),
        ("2026-11-24T05:01:00", "2026-11-24", "2026-11-25T05:01:00"),
        ("2026-11-01T05:00:00", "2026-11-01", "2026-11-02T05:01:00"),
        ("2026-03-08T06:00:00", "2026-03-08", "2026-03-09T04:01:00"),
    ],
)
def test_a_day_is_the_account_s_and_begins_a_minute_late(now: str, day: str, ends: str) -> None:
    """In New York the day begins at 5:01 in UTC, at 4:01 in summer, and those of the changes have 25 and 23 hours."""
    assert day_of(moment(now), "America/New_York").isoformat() == day
    assert next_day_begins(moment(now), "America/New_York") == moment(ends)


@given(now=MOMENTS, zone=st.sampled_from(ZONES))
def test_the_next_day_is_the_one_that_begins_next(now: dt.datetime, zone: str) -> None:
    """It begins within 25 hours and a minute, it is the day after, and the moment before it is still today."""
    begins = next_day_begins(now, zone)

    assert now < begins <= now + dt.timedelta(hours=25) + LATER
    assert day_of(begins, zone) == day_of(now, zone) + dt.timedelta(days=1)
    assert day_of(begins - dt.timedelta(microseconds=1), zone) == day_of(now, zone)


@given(now=MOMENTS, zone=st.sampled_from(ZONES), skew=st.floats(-59, 59))
def test_two_clocks_that_differ_by_less_than_a_minute_agree_on_a_day_that_has_begun(
    now: dt.datetime, zone: str, skew: float
) -> None:
    """When our day begins, the other side's has, whichever clock is ahead."""
    begins = next_day_begins(now, zone)

    theirs = (begins + dt.timedelta(seconds=skew)).astimezone(ZoneInfo(zone))

    assert theirs.date() == day_of(begins, zone)


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "../etc/passwd", "America"])
def test_a_time_zone_that_nobody_knows_has_the_days_of_utc(zone: str | None) -> None:
    """Whatever an account says its time zone is, there is a day."""
    assert not is_known(zone)
    assert day_of(moment("2026-11-23T23:59:00"), zone).isoformat() == "2026-11-23"
    assert next_day_begins(moment("2026-11-23T23:59:00"), zone) == moment("2026-11-24T00:01:00")
