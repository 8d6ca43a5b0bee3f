"""Tests of what is left of the day's calls."""

import datetime as dt

from babynames_assets.hubspot.limits import ACCOUNT, BURST
from babynames_assets.resilience.allowances import DailyCount, DailyTerms, Limit
from babynames_assets.setting_groups import HubSpotSettings
from babynames_assets.sync.day import Day, read_day
from babynames_assets.warehouse.call_books import CallBooks
from babynames_assets.warehouse.engine import Engine, connect

TERMS = DailyTerms(250_000, 0.1)


def day(engine: Engine, tier: str = "free") -> Day:
    """What is left."""
    with connect(engine) as connection:
        return read_day(connection, HubSpotSettings(tier=tier))


def books(engine: Engine, terms: DailyTerms = TERMS) -> CallBooks:
    """Where calls are counted."""
    return CallBooks(engine, ACCOUNT, {BURST: [Limit(1000, 10)]}, terms)


def test_before_the_first_call_the_day_is_whole_but_for_the_reserve(engine: Engine) -> None:
    """The tier says how many calls it has."""
    assert day(engine) == Day(250_000, 225_000, None)


def test_what_is_spent_is_not_left(engine: Engine) -> None:
    """By whichever process."""
    taken = [len(books(engine).take(BURST, 2).waits) for _ in range(3)]

    assert sum(taken) > 0
    assert day(engine) == Day(250_000, 225_000 - sum(taken), None)


def test_what_hubspot_says_counts(engine: Engine) -> None:
    """A smaller account, or other apps that spend the same calls."""
    kept = books(engine)
    kept.take(BURST, 1)
    kept.note_count(DailyCount(kept.day, allowed=100_000, spent=40_000))
    kept.take(BURST, 1)

    assert day(engine) == Day(100_000, 49_999, None)


def test_a_pause_is_told(engine: Engine) -> None:
    """Until when, with its zone."""
    kept = books(engine)
    kept.take(BURST, 1)
    kept.pause("a test", 3600)

    found = day(engine).paused_until

    assert found is not None
    assert dt.timedelta(minutes=50) < found - dt.datetime.now(dt.UTC) <= dt.timedelta(hours=1)


def test_an_account_without_a_daily_limit_has_no_end_of_calls(engine: Engine) -> None:
    """As OAuth's apps, whose answers tell of no days either."""
    books(engine, DailyTerms(None)).take(BURST, 1)

    assert day(engine, "oauth_app") == Day(None, None, None)
