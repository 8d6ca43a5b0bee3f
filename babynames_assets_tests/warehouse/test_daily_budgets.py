"""The arithmetic of the day's calls: the reserve stays, and no day's calls are spent twice."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.resilience.allowances import DailyCount, DailyTerms
from babynames_assets.warehouse.daily_budgets import Budget

NOON = dt.datetime(2026, 11, 23, 17, 0)  # noqa: DTZ001 - in UTC, as the tables have it; noon in New York
NEXT_DAY = dt.datetime(2026, 11, 24, 5, 1)  # noqa: DTZ001 - as above
MONDAY = dt.date(2026, 11, 23)
TUESDAY = dt.date(2026, 11, 24)
TERMS = DailyTerms(1000, 0.1)
BUDGET = Budget(MONDAY, "America/New_York")


def test_the_reserve_is_left_out_of_what_may_be_spent() -> None:
    """Of a thousand calls a hundred stay."""
    assert BUDGET.left(TERMS) == 900
    assert replace(BUDGET, spent=900).left(TERMS) == 0
    assert replace(BUDGET, spent=950).left(TERMS) == 0


def test_where_days_are_not_counted_nothing_is_ever_spent() -> None:
    """OAuth apps have no limit on a day."""
    assert replace(BUDGET, spent=10**9).left(DailyTerms(None)) is None


@pytest.mark.parametrize(("allowed", "left"), [(500, 450), (2000, 900)])
def test_of_the_setting_and_of_what_hubspot_says_the_smaller_counts(allowed: int, left: int) -> None:
    """An account with fewer calls than its tier is held to them; one with more is not, because nobody said so."""
    assert BUDGET.knowing(DailyCount(MONDAY, allowed, 0)).left(TERMS) == left


def test_what_other_apps_spend_is_spent() -> None:
    """HubSpot's count is ours when it is larger; a smaller one, which an answer overtook, gives nothing back."""
    more = BUDGET.knowing(DailyCount(MONDAY, 1000, 600))
    less = more.knowing(DailyCount(MONDAY, 1000, 400))

    assert more.left(TERMS) == 300
    assert less == more


def test_a_count_of_yesterday_says_nothing_of_today() -> None:
    """An answer that comes after midnight to a call of before does not end the new day."""
    today = replace(BUDGET, spent=900).today(NEXT_DAY)

    assert today.knowing(DailyCount(MONDAY, 1000, 1000)).left(TERMS) == 900
    assert today.knowing(DailyCount(TUESDAY, 1000, 10)).left(TERMS) == 890


def test_a_new_day_begins_at_the_account_s_midnight_with_all_its_calls() -> None:
    """One moment before it is still the old one."""
    spent = replace(BUDGET, spent=900).paused(NOON, "spent")

    assert spent.paused_until == NEXT_DAY
    assert spent.today(NEXT_DAY - dt.timedelta(microseconds=1)) == spent
    assert spent.today(NEXT_DAY) == Budget(TUESDAY, "America/New_York")


def test_a_clock_that_was_set_back_gives_no_day_twice() -> None:
    """What is spent stays spent until a later day begins."""
    budget = replace(BUDGET, spent=900)

    assert budget.today(NOON - dt.timedelta(days=3)) == budget


def test_the_longer_of_two_pauses_counts() -> None:
    """HubSpot's move of an account does not end because the day's calls are spent, nor the other way about."""
    long, short = NOON + dt.timedelta(days=2), NOON + dt.timedelta(hours=1)

    assert BUDGET.paused(NOON, "moves", long).paused(NOON, "spent").pause_reason == "moves"
    assert BUDGET.paused(NOON, "moves", short).paused(NOON, "spent").pause_reason == "spent"


def test_a_reason_of_any_length_can_be_kept() -> None:
    """The column has 255 characters."""
    assert len(BUDGET.paused(NOON, "x" * 999).pause_reason or "") == 255


def test_learning_the_time_zone_gives_nothing_back() -> None:
    """In Auckland it is tomorrow already, and what was spent is spent there."""
    budget = Budget(MONDAY, None, spent=77).in_zone("Pacific/Auckland", NOON)

    assert budget == Budget(TUESDAY, "Pacific/Auckland", spent=77)


@given(
    reserve=st.floats(0, 0.99),
    calls=st.integers(1, 10_000),
    events=st.lists(
        st.tuples(st.floats(0, 100_000), st.integers(1, 2_000), st.integers(0, 12_000), st.integers(0, 12_000)),
        max_size=40,
    ),
)
def test_whatever_happens_no_day_is_spent_beyond_its_reserve(
    reserve: float, calls: int, events: list[tuple[float, int, int, int]]
) -> None:
    """Whoever takes all that is left whenever he may, and hears whatever counts, leaves the reserve of each day."""
    terms, moment = DailyTerms(calls, reserve), NOON
    budget, by_day = BUDGET, {MONDAY: 0}
    for seconds, wanted, allowed, spent in events:
        moment += dt.timedelta(seconds=seconds)
        budget = budget.today(moment).knowing(DailyCount(budget.day, max(1, allowed), spent))
        taken = min(wanted, budget.left(terms) or 0)
        budget = replace(budget, spent=budget.spent + taken)
        by_day[budget.day] = by_day.get(budget.day, 0) + taken

    assert all(taken <= calls - round(calls * reserve) for taken in by_day.values())
