"""The limits that a client keeps: by tier, and by what HubSpot says."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.hubspot.limits import (
    BURST,
    SEARCH,
    TIERS,
    bucket_of,
    count_in,
    limit_in,
    limits_of,
    requests_in_flight,
)
from babynames_assets.hubspot.paths import Paths
from babynames_assets.resilience.allowances import DailyCount, Limit
from babynames_assets.setting_groups import HubSpotSettings

TODAY = dt.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("tier", "calls"),
    [
        ("free", 100),
        ("starter", 100),
        ("professional", 190),
        ("enterprise", 190),
        ("api_limit_increase", 250),
        ("oauth_app", 110),
    ],
)
def test_a_tier_has_its_calls_in_a_padded_window(tier: str, calls: int) -> None:
    """Windows are a quarter of a second longer than those of HubSpot, those of searches too."""
    assert limits_of(tier) == {BURST: [Limit(calls, 10.25)], SEARCH: [Limit(5, 1.25)]}


@pytest.mark.parametrize("version", ["v3", "2026-03"])
def test_searches_have_a_bucket_of_their_own(version: str) -> None:
    """Nothing else takes its places there."""
    paths = Paths(version)

    assert bucket_of(f"{paths.contacts}/search") == SEARCH
    for path in (paths.contacts, f"{paths.contacts}/batch/upsert", paths.properties, paths.account):
        assert bucket_of(path) == BURST


def test_an_answer_tells_of_the_limit_and_of_the_day() -> None:
    """In HubSpot's headers, to which case does not matter where HTTP brings them."""
    headers = {
        "x-hubspot-ratelimit-max": "190",
        "x-hubspot-ratelimit-interval-milliseconds": "10000",
        "x-hubspot-ratelimit-daily": "625000",
        "x-hubspot-ratelimit-daily-remaining": "624000",
    }

    assert limit_in(headers) == Limit(190, 10.25)
    assert count_in(headers, TODAY) == DailyCount(TODAY, 625_000, 1000)


HEADERS = ["max", "interval-milliseconds", "daily", "daily-remaining"]


@pytest.mark.parametrize("missing", HEADERS)
@pytest.mark.parametrize("text", [None, "", "-1", "many", "1e3", "²", "9" * 400])
def test_a_header_that_says_nothing_is_passed_over(missing: str, text: str | None) -> None:
    """Answers of search and to OAuth apps lack some; what cannot be a number of calls is none."""
    headers = {f"x-hubspot-ratelimit-{name}": "100" for name in HEADERS if name != missing}
    if text is not None:
        headers[f"x-hubspot-ratelimit-{missing}"] = text

    assert (limit_in(headers) is None) == (missing in HEADERS[:2])
    assert (count_in(headers, TODAY) is None) == (missing in HEADERS[2:])


def test_no_calls_at_all_are_no_limit() -> None:
    """A zero would hold up everything for ever; a day with none remaining is one that is spent."""
    assert limit_in({"x-hubspot-ratelimit-max": "0", "x-hubspot-ratelimit-interval-milliseconds": "10000"}) is None
    spent = {"x-hubspot-ratelimit-daily": "10", "x-hubspot-ratelimit-daily-remaining": "0"}
    assert count_in(spent, TODAY) == DailyCount(TODAY, 10, 10)


def test_every_tier_of_the_settings_has_limits() -> None:
    """The settings and the limits know the same tiers."""
    for tier in TIERS:
        assert HubSpotSettings.model_validate({"tier": tier}).tier == tier


def test_only_oauth_apps_have_no_daily_limit() -> None:
    """HubSpot counts days for every tier but OAuth apps."""
    unlimited = [name for name, tier in TIERS.items() if tier.calls_per_day is None]

    assert unlimited == ["oauth_app"]


@given(tier=st.sampled_from(sorted(TIERS)), delays=st.lists(st.floats(0, 0.25), min_size=1, max_size=20))
def test_calls_that_travel_at_different_speeds_meet_no_limit(tier: str, delays: list[float]) -> None:
    """Calls sent as fast as our limit admits arrive within HubSpot's, if their ways differ by a quarter of a second."""
    [(calls, seconds)] = limits_of(tier)[BURST]
    admitted = [number // calls * seconds for number in range(2 * calls + 5)]

    arrived = sorted(at + delays[number % len(delays)] for number, at in enumerate(admitted))

    assert all(later - earlier >= 10.0 for earlier, later in zip(arrived, arrived[calls:], strict=False))


@pytest.mark.parametrize(
    ("tier", "calls"), [("free", 52), ("professional", 99), ("oauth_app", 58), ("api_limit_increase", 130)]
)
def test_enough_calls_are_under_way_for_answers_of_five_seconds(tier: str, calls: int) -> None:
    """The allowance of five seconds, and a few more for what lies between two calls of one place."""
    assert requests_in_flight(tier) == calls
    assert requests_in_flight(tier) * 10 > TIERS[tier].calls_per_window * 5
