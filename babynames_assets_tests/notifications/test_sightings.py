"""Tests of what sightings make of an incident."""

import datetime as dt
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.notifications.news import AS_A_WHOLE
from babynames_assets.notifications.sightings import WIDER_AFTER, Sighting, judge, remind
from babynames_assets.warehouse.incidents import Incident
from babynames_assets_tests.notifications.samples import KEY, bad, good

NOON = dt.datetime(2026, 11, 24, 12)  # noqa: DTZ001 - as the tables store moments
MINUTE = dt.timedelta(minutes=1)
OVER = Incident(1, KEY, "failed_runs", {}, frozenset(), frozenset(), NOON, NOON, NOON, 3, resolved_at=NOON)
SEEN = st.lists(st.tuples(st.booleans(), st.frozensets(st.integers(2001, 2004), max_size=3)), min_size=1, max_size=8)


def sighting(is_bad: bool, years: frozenset[int]) -> Sighting:
    """What was seen."""
    return bad(*years) if is_bad else good(*years)


def test_a_thing_that_goes_wrong_is_told_with_its_years() -> None:
    """It is opened at this moment, whatever was before."""
    change = judge(OVER, [bad(2001), bad(2003, why="the disk is still full")], NOON + MINUTE)

    assert change.event == "opened"
    assert change.after.is_open
    assert change.after.reach == change.after.told_reach == {"2001", "2003"}
    assert change.after.times_seen == 2
    assert change.after.news["why"] == "the disk is still full"
    assert change.after.opened_at == change.after.told_at == NOON + MINUTE


def test_what_stays_wrong_is_counted_and_not_told() -> None:
    """Also in the same years again and again."""
    incident = judge(OVER, [bad(2001)], NOON).after
    for minutes in range(1, 100):
        change = judge(incident, [bad(2001)], NOON + minutes * MINUTE)
        assert change.event is None
        incident = change.after

    assert incident.times_seen == 100
    assert incident.last_seen_at == NOON + 99 * MINUTE


def test_a_flood_of_other_years_is_told_once_more_after_an_hour() -> None:
    """Not for every year: a hundred failing runs are no hundred messages."""
    incident, events = judge(OVER, [bad(1900)], NOON).after, []
    for minutes in range(1, 100):
        change = judge(incident, [bad(1900 + minutes)], NOON + minutes * MINUTE)
        events.append(change.event)
        incident = change.after

    assert [number for number, event in enumerate(events, start=1) if event] == [60]
    assert len(incident.told_reach) == 61


def test_a_wider_incident_is_told_by_the_clock_too() -> None:
    """Nothing has to fail again after the hour."""
    first = judge(OVER, [bad(2001)], NOON).after
    incident = judge(first, [bad(2002)], NOON + MINUTE).after

    assert remind(incident, incident, NOON + WIDER_AFTER - MINUTE, every=dt.timedelta(hours=24)).event is None
    assert remind(incident, incident, NOON + WIDER_AFTER, every=dt.timedelta(hours=24)).event == "reminded"
    assert remind(first, first, NOON + WIDER_AFTER, every=dt.timedelta(hours=24)).event is None


def test_it_is_over_when_the_last_year_went_well() -> None:
    """A success of some years says nothing about the others."""
    incident = judge(OVER, [bad(2001, 2002)], NOON).after

    half = judge(incident, [good(2001), good(2005)], NOON + MINUTE)
    whole = judge(half.after, [good(2002)], NOON + MINUTE)

    assert half.event is None
    assert half.after.reach == {"2002"}
    assert whole.event == "resolved"
    assert whole.after.resolved_at == NOON + MINUTE


def test_what_mends_itself_before_anybody_was_told_is_no_news() -> None:
    """Of a thing that was well before, nothing changes."""
    change = judge(OVER, [bad(2001), good(2001)], NOON + MINUTE)

    assert change.event is None
    assert change.after == OVER


def test_a_warning_that_becomes_an_error_is_told_to_those_who_want_errors() -> None:
    """The incident is the same one."""
    incident = judge(OVER, [bad(kind="check_warnings")], NOON).after

    change = judge(incident, [bad(kind="failed_checks")], NOON + MINUTE)

    assert change.kind_has_changed
    assert not judge(change.after, [bad(kind="failed_checks")], NOON + MINUTE).kind_has_changed


@given(seen=SEEN)
def test_the_reach_is_what_was_last_seen_wrong(seen: list[tuple[bool, frozenset[int]]]) -> None:
    """Whatever the order and the years, and whether it is told in one look or in several."""
    last: dict[str, bool] = {}
    for is_bad, years in seen:
        last |= dict.fromkeys((str(year) for year in years), is_bad) if years else {AS_A_WHOLE: is_bad}
    wrong = {year for year, is_bad in last.items() if is_bad}
    sightings = [sighting(*one) for one in seen]

    at_once = judge(OVER, sightings, NOON + MINUTE).after
    one_by_one = OVER
    for one in sightings:
        one_by_one = judge(one_by_one, [one], NOON + MINUTE).after

    for incident in (at_once, one_by_one):
        assert (incident.reach if incident.is_open else set()) == wrong
        assert incident.is_open == bool(wrong)


@given(seen=SEEN)
def test_opened_and_resolved_take_turns(seen: list[tuple[bool, frozenset[int]]]) -> None:
    """Nobody hears of an end without a beginning, or of a beginning twice."""
    incident, events = OVER, []
    for one in seen:
        change = judge(incident, [sighting(*one)], NOON + MINUTE)
        events += [change.event] if change.event else []
        incident = change.after

    assert events == [("opened", "resolved")[number % 2] for number in range(len(events))]
    assert replace(incident, resolved_at=None).times_seen >= 1
