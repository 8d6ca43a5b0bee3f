"""Tests of the runs that changed years are asked for in."""

from collections.abc import Collection, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.automation.changed_years import ChangedYear
from babynames_assets.automation.year_requests import WHOLE_TRIES, YearRange, YearRequests
from babynames_assets.setting_groups import AutomationSettings

TERMS = AutomationSettings(retry_seconds=100, max_retry_seconds=1000, max_runs=12)
NOTHING: Collection[int] = ()


def changed(years: Iterable[int], digest: str = "a" * 64) -> dict[int, ChangedYear]:
    """Some years that are not done."""
    return {year: ChangedYear(year, "table", digest) for year in years}


def ranges(requests: list[YearRange]) -> list[tuple[int, int]]:
    """First and last year of each."""
    return [(one.first, one.last) for one in requests]


def test_all_years_are_one_run() -> None:
    """The first load."""
    _, requests = YearRequests().next(changed(range(1880, 2025)), NOTHING, 0.0, TERMS)

    assert requests == [YearRange(1880, 2024, 1)]


def test_a_gap_is_not_run() -> None:
    """The release of 2024 touched these ranges and no other year: ten runs."""
    touched = [1883, 1886, 1887, 1891, 1895, 1900, 1903, 1905, 1907, 1908, *range(1912, 1917), *range(1918, 2025)]

    _, requests = YearRequests().next(changed(touched), NOTHING, 0.0, TERMS)

    assert [year for one in requests for year in range(one.first, one.last + 1)] == touched
    assert len(requests) == 10


def test_there_are_never_more_runs_than_the_limit() -> None:
    """Every second year would be 73 runs: the narrowest gaps are run with them."""
    _, requests = YearRequests().next(changed([*range(1880, 2000, 2), 2024]), NOTHING, 0.0, TERMS)

    assert len(requests) == 12
    assert ranges(requests)[-1] == (2024, 2024)


def test_a_year_under_way_is_not_asked_for() -> None:
    """Neither is it bridged by a range that would be joined for the sake of the limit."""
    terms = TERMS.model_copy(update={"max_runs": 1})

    _, requests = YearRequests().next(changed([2001, 2002, 2003]), {2002}, 0.0, terms)

    assert ranges(requests) == [(2001, 2001), (2003, 2003)]


def test_what_was_asked_for_is_not_asked_for_again_before_its_time() -> None:
    """The run may still be on its way into the queue."""
    state, _ = YearRequests().next(changed([2001]), NOTHING, 0.0, TERMS)

    assert state.next(changed([2001]), NOTHING, 99.0, TERMS) == (state, [])
    assert ranges(state.next(changed([2001]), NOTHING, 100.0, TERMS)[1]) == [(2001, 2001)]


def test_the_wait_is_counted_from_the_end_of_the_run() -> None:
    """A year that is seen under way at 500 and not done at 550 waits until 600."""
    state, _ = YearRequests().next(changed([2001]), NOTHING, 0.0, TERMS)
    state, _ = state.next(changed([2001]), {2001}, 500.0, TERMS)

    assert state.next(changed([2001]), NOTHING, 550.0, TERMS)[1] == []
    assert state.next(changed([2001]), NOTHING, 600.0, TERMS)[1] == [YearRange(2001, 2001, 2)]


def test_another_content_does_not_wait() -> None:
    """A release that mends the year is loaded at once."""
    state, _ = YearRequests().next(changed([2001]), NOTHING, 0.0, TERMS)

    _, requests = state.next(changed([2001], "b" * 64), NOTHING, 1.0, TERMS)

    assert requests == [YearRange(2001, 2001, 1)]


def test_a_year_that_is_done_is_forgotten() -> None:
    """The cursor of an installation at rest is empty."""
    state, _ = YearRequests().next(changed([2001]), NOTHING, 0.0, TERMS)

    state, _ = state.next({}, NOTHING, 1.0, TERMS)

    assert state.as_cursor() == "{}"


@pytest.mark.parametrize("cursor", [None, "", "{}", "[]", "nonsense", '{"2001": 5}', "7"])
def test_a_cursor_that_cannot_be_read_counts_as_nothing(cursor: str | None) -> None:
    """One of an earlier release, or one that somebody typed in the UI."""
    assert YearRequests.from_cursor(cursor) == YearRequests()


def test_the_cursor_of_all_years_is_small() -> None:
    """It is stored with every tick; MySQL takes 64 KiB."""
    state, _ = YearRequests().next(changed(range(1880, 2030)), NOTHING, 1_795_453_200.123, TERMS)

    assert len(state.as_cursor()) < 10_000
    assert YearRequests.from_cursor(state.as_cursor()).asked.keys() == state.asked.keys()


@given(bad=st.integers(1880, 2024), start=st.floats(0, 10**9))
def test_a_year_that_always_fails_ends_up_alone_and_the_others_are_done(bad: int, start: float) -> None:
    """A run fails when it has the bad year, and then nothing of it is done: after six tries only it is left."""
    left, state, now = set(range(1880, 2025)), YearRequests(), start
    runs = 0
    for _ in range(WHOLE_TRIES + 4):
        state, requests = state.next(changed(left), NOTHING, now, TERMS)
        runs += len(requests)
        for one in requests:
            if not one.first <= bad <= one.last:
                left -= set(range(one.first, one.last + 1))
        now += TERMS.max_retry_seconds
    assert left == {bad}
    assert runs <= 24


@given(
    years=st.sets(st.integers(1880, 2024)),
    under_way=st.sets(st.integers(1880, 2024)),
    most=st.integers(1, 20),
    before=st.dictionaries(st.integers(1880, 2024), st.integers(1, 9)),
)
def test_every_year_is_asked_for_once_and_none_that_is_under_way(
    years: set[int], under_way: set[int], most: int, before: dict[int, int]
) -> None:
    """Whatever failed before: no two ranges share a year, none has a year under way, none that is due is left out."""
    terms = TERMS.model_copy(update={"max_runs": most})
    cursor = "{" + ", ".join(f'"{year}": ["{"a" * 12}", {tries}, 0]' for year, tries in before.items()) + "}"
    state = YearRequests.from_cursor(cursor)

    after, requests = state.next(changed(years), under_way, 10_000.0, terms)

    asked = [year for one in requests for year in range(one.first, one.last + 1)]
    assert len(asked) == len(set(asked))
    assert not set(asked) & under_way
    assert years - under_way <= set(asked)
    assert set(after.asked) <= years
    assert len(requests) <= most + len(under_way)
