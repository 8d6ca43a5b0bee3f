"""The database's clock is read when the locks are held, and goes with the others."""

import datetime as dt
import threading
import time

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.clock import Clock, as_microseconds, as_moment
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.rate_limits import add
from babynames_assets.warehouse.tables import rate_limits


def test_the_database_s_clock_is_that_of_this_machine(engine: Engine) -> None:
    """The servers of the tests run here: both clocks differ by less than it takes to ask."""
    before = time.time() - 0.002

    with connect(engine) as connection:
        now, moment = clock.microseconds(connection), clock.moment(connection)

    assert before * 1e6 <= now <= time.time() * 1e6 + 1000
    assert 0 <= as_microseconds(moment) - now < 5e6


def test_a_moment_and_its_microseconds_are_the_same() -> None:
    """To the microsecond, and in UTC."""
    moment = dt.datetime(2026, 11, 23, 17, 0, 0, 123_457)  # noqa: DTZ001 - as the tables have it

    assert as_moment(as_microseconds(moment)) == moment
    assert as_microseconds(moment) == 1_795_453_200_123_457


def test_it_is_read_after_the_lock_and_not_when_the_statement_began(engine: Engine) -> None:
    """A statement that waits for a row tells the time at which it got it."""
    run_in_transaction(engine, lambda connection: add(connection, "calls", dt.datetime(2026, 1, 1)))  # noqa: DTZ001
    query = sa.select(Clock().label("now")).where(rate_limits.c.bucket == "calls").with_for_update()
    is_held, told = threading.Event(), []

    def hold() -> None:
        def work(connection: Connection) -> None:
            connection.execute(query)
            is_held.set()
            time.sleep(0.3)  # what the other one has to wait for
            told.append(clock.microseconds(connection))

        run_in_transaction(engine, work)

    holder = threading.Thread(target=hold)
    holder.start()
    is_held.wait(10)
    now = run_in_transaction(engine, lambda connection: connection.execute(query).scalar_one())
    holder.join(10)

    assert now >= told[0]
