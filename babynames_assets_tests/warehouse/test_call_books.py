"""The books of calls, on every kind of database: exact among threads and processes, by the database's clock."""

import datetime as dt
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from babynames_assets.errors import PausedError
from babynames_assets.resilience.allowances import DailyCount, DailyTerms, Limit, Places
from babynames_assets.warehouse import daily_budgets, tables
from babynames_assets.warehouse.call_books import UNKNOWN_ZONE_PAUSE, CallBooks
from babynames_assets.warehouse.clock import as_moment
from babynames_assets.warehouse.engine import Engine, connect

NOON = 1_795_453_200.0
LIMITS = {"calls": [Limit(3, 60.0)], "searches": [Limit(1, 60.0)]}
TERMS = DailyTerms(100, 0.1)


class Time:
    """A clock for the database that a test sets; it begins at noon in New York."""

    def __init__(self) -> None:
        """Begin."""
        self.now = NOON

    def column(self) -> sa.ColumnElement[int]:
        """The clock as a column."""
        return sa.bindparam("clock", callable_=lambda: round(self.now * 1e6), type_=sa.BigInteger())


@pytest.fixture
def time_() -> Time:
    """A clock at noon."""
    return Time()


def open_books(engine: Engine, time_: Time | None = None, terms: DailyTerms = TERMS) -> CallBooks:
    """The books of another process."""
    return CallBooks(engine, "account", LIMITS, terms, clock=time_.column() if time_ else None)


def placed(engine: Engine, bucket: str) -> list[int]:
    """The places that the bucket remembers, in microseconds."""
    with connect(engine) as connection:
        text = connection.scalar(
            sa.select(tables.rate_limits.c.admitted_at).where(tables.rate_limits.c.bucket == bucket)
        )
    return list(json.loads(text or "[]"))


def spent(engine: Engine) -> int:
    """Calls of the day that are spent."""
    with connect(engine) as connection:
        return connection.scalar(sa.select(tables.daily_budgets.c.spent)) or 0


def test_a_place_is_counted_in_its_bucket_and_in_the_day(engine: Engine) -> None:
    """Each bucket has its own places; the day counts all of them."""
    books = open_books(engine)

    first, search = books.take("calls", 1), books.take("searches", 1)

    assert first == search == Places((0.0,))
    assert (len(placed(engine, "calls")), len(placed(engine, "searches"))) == (1, 1)
    assert spent(engine) == 2


def test_a_full_bucket_says_when_to_ask_and_spends_nothing(engine: Engine, time_: Time) -> None:
    """By the database's clock, whatever that of this machine says."""
    books = open_books(engine, time_)
    books.take("searches", 1)
    time_.now += 20

    answer = books.take("searches", 1)

    assert answer == Places((), 39.5)
    assert spent(engine) == 1


def test_a_place_that_is_near_is_handed_out_ahead(engine: Engine, time_: Time) -> None:
    """Nobody has to ask a second time for it."""
    books = open_books(engine, time_)
    books.take("searches", 1)
    time_.now += 59.25

    assert books.take("searches", 1) == Places((0.75,))


def test_what_an_answer_says_of_the_limit_holds_for_all_processes(engine: Engine, time_: Time) -> None:
    """The smaller of setting and header; it is written with the next place, and read by everybody."""
    books, other = open_books(engine, time_), open_books(engine, time_)
    books.note_limit("calls", Limit(2, 60.0))
    books.take("calls", 1)
    time_.now += 30
    books.take("calls", 1)
    time_.now += 20

    assert other.take("calls", 1) == Places((), 9.5)


def test_a_larger_limit_than_the_setting_s_is_not_used(engine: Engine, time_: Time) -> None:
    """An installation that was given a part of the allowance keeps to it."""
    books = open_books(engine, time_)
    books.note_limit("searches", Limit(1000, 60.0))
    books.take("searches", 1)

    assert books.take("searches", 1).waits == ()


def test_a_bucket_that_was_closed_is_closed_for_all(engine: Engine, time_: Time) -> None:
    """For as long as it was told, longer when it is met again, and the other buckets stay open."""
    books, other = open_books(engine, time_), open_books(engine, time_)

    with capture_logs() as logs:
        books.close("calls", least=10, most=15)

    assert other.take("calls", 1) == Places((), 9.5)
    assert other.take("searches", 1).waits
    assert logs == [{"event": "rate_limit_closed", "log_level": "warning", "bucket": "calls", "seconds": 10}]
    time_.now += 10
    assert other.take("calls", 1) == Places((0.0,))
    other.close("calls", least=10, most=15)
    assert books.take("calls", 1).ask_again_in >= 14.5


def test_a_shorter_closure_does_not_open_a_bucket(engine: Engine, time_: Time) -> None:
    """Several calls meet the limit together; the first counts, up to two minutes."""
    books = open_books(engine, time_)

    books.close("calls", least=10_000, most=10_000)
    books.close("calls", least=1, most=10)

    assert books.take("calls", 1) == Places((), 119.5)


def test_the_day_s_calls_end_at_the_reserve_and_begin_anew_by_themselves(engine: Engine, time_: Time) -> None:
    """The error says until when; nobody has to do anything for the calls of the next day."""
    terms = DailyTerms(10, 0.2)
    books = CallBooks(engine, "account", {"calls": [Limit(1000, 1.0)]}, terms, clock=time_.column())
    books.set_time_zone("America/New_York")

    assert len(books.take("calls", 6).waits) == 6
    assert len(books.take("calls", 6).waits) == 2
    with pytest.raises(PausedError, match=r"2026-11-23 are spent, 8 of them.*after 2026-11-24 05:01:00 UTC") as caught:
        books.take("calls", 1)

    assert caught.value.until == dt.datetime(2026, 11, 24, 5, 1, tzinfo=dt.UTC)
    time_.now = caught.value.until.timestamp() - 0.001
    with pytest.raises(PausedError):
        books.take("calls", 1)
    time_.now = caught.value.until.timestamp()
    assert len(books.take("calls", 1).waits) == 1
    assert books.day == dt.date(2026, 11, 24)


def test_a_pause_can_be_read_by_those_who_do_not_call(engine: Engine, time_: Time) -> None:
    """A sensor sees until when there are no calls, and that there are calls again."""
    books = open_books(engine)

    error = books.pause("HubSpot moves the account.", 3600)

    with connect(engine) as connection:
        assert daily_budgets.paused_until(connection, "account") == error.until
    with pytest.raises(PausedError, match=r"HubSpot moves the account\. It goes on by itself after"):
        open_books(engine).take("calls", 1)
    books = CallBooks(engine, "idle", LIMITS, TERMS)
    books.pause("short", 0.0)
    with connect(engine) as connection:
        assert daily_budgets.paused_until(connection, "idle") is None
        assert daily_budgets.paused_until(connection, "nobody called yet") is None


def test_a_day_that_hubspot_calls_spent_ends_at_the_account_s_midnight(engine: Engine, time_: Time) -> None:
    """Where the time zone is known; where it is not, HubSpot is asked again in an hour."""
    books = open_books(engine, time_)

    unknown = books.pause("spent").until
    books.set_time_zone("America/New_York")
    known = books.pause("spent").until

    assert unknown == as_moment(round((NOON + UNKNOWN_ZONE_PAUSE) * 1e6)).replace(tzinfo=dt.UTC)
    assert known == dt.datetime(2026, 11, 24, 5, 1, tzinfo=dt.UTC)


def test_a_time_zone_that_nobody_knows_is_not_kept(engine: Engine, time_: Time) -> None:
    """Days stay those of UTC, and nothing fails."""
    books = open_books(engine, time_)

    books.take("calls", 1)
    books.set_time_zone("Mars/Olympus")

    with connect(engine) as connection:
        assert connection.execute(sa.select(tables.daily_budgets.c.time_zone)).all() == [(None,)]


def test_of_several_answers_the_one_counts_that_says_most(engine: Engine, time_: Time) -> None:
    """Answers overtake each other; one of yesterday says nothing of today."""
    books = open_books(engine, time_)
    today, yesterday = dt.date(2026, 11, 23), dt.date(2026, 11, 22)

    for day, count in ((today, 40), (today, 60), (today, 50), (yesterday, 99)):
        books.note_count(DailyCount(day, 100, count))
    books.take("calls", 1)

    assert spent(engine) == 61


def test_many_threads_that_begin_at_once_take_one_place_each(engine: Engine) -> None:
    """Also when the rows do not exist yet and each would make them."""
    books = open_books(engine)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: books.take("calls", 1), range(12)))

    assert sum(len(answer.waits) for answer in answers) == len(placed(engine, "calls")) == 1
    assert spent(engine) == 1


def test_a_clock_that_was_set_back_does_not_lock_callers_out(engine: Engine, time_: Time) -> None:
    """The bucket is full for one window more, and the row is corrected."""
    books = open_books(engine, time_)
    books.take("searches", 1)
    time_.now -= 3600

    answer = books.take("searches", 1)

    assert answer.ask_again_in <= 61
    time_.now += answer.ask_again_in + 0.5
    assert books.take("searches", 1).waits


PROGRAM = """
import sys, threading, time
from pydantic import SecretStr
from babynames_assets.resilience.allowances import DailyTerms, Limit
from babynames_assets.resilience.rate_limiter import RateLimiter
from babynames_assets.warehouse.call_books import CallBooks
from babynames_assets.warehouse.engine import open_engine
engine = open_engine(SecretStr(sys.argv[1]))
books = CallBooks(engine, "account", {"calls": [Limit(8, 0.5), Limit(1000, 60.0)]}, DailyTerms(1000))
limiter = RateLimiter(lambda wanted: books.take("calls", wanted))
def call():
    for _ in range(4):
        limiter.acquire()
threads = [threading.Thread(target=call) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_processes_together_never_exceed_the_limit_and_use_all_of_it(engine: Engine, warehouse_url: str) -> None:
    """Three processes of four threads: in no half second are there more than eight places, and few are wasted."""
    processes = [subprocess.Popen([sys.executable, "-c", PROGRAM, warehouse_url]) for _ in range(3)]

    assert [process.wait(60) for process in processes] == [0, 0, 0]
    places = placed(engine, "calls")
    assert spent(engine) == len(places) >= 48
    assert all(later - earlier >= 500_000 for earlier, later in zip(places, places[8:], strict=False))


def test_one_transaction_serves_many_who_wait(engine: Engine) -> None:
    """What is asked for together is written once: the books cost less than the calls."""
    books = CallBooks(engine, "account", {"calls": [Limit(10_000, 1.0)]}, DailyTerms(None))
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    books.take("calls", 1)
    statements.clear()

    places = books.take("calls", 40)

    assert len(places.waits) == 40
    assert [verb for verb, *_ in map(str.split, statements) if verb != "BEGIN"] == ["SELECT", "UPDATE", "UPDATE"]
