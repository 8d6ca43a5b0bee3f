"""Tests of the right to write a year: waiting for it, keeping it, and knowing when it is lost."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from babynames_assets.sync.leases import Lease, LeaseError, LeaseTerms
from babynames_assets.warehouse.engine import Engine, connect

TERMS = LeaseTerms(seconds=60, wait=5)
SHORT = LeaseTerms(seconds=0.0001, wait=30)
"""Over, by the database's clock, as soon as somebody else asks."""


@dataclass
class Clock:
    """Seconds of this process that a test sets; sleeping passes them."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Now."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Pass so many seconds."""
        self.slept.append(seconds)
        self.now += seconds


def held(engine: Engine, *years: int, terms: LeaseTerms = TERMS, clock: Clock | None = None) -> Lease:
    """A lease that is taken."""
    lease = Lease(engine, years, terms, clock or Clock())
    lease.take("first")
    return lease


def covers(lease: Lease, engine: Engine, *years: int) -> bool:
    """Whether the lease is good for these years now."""
    with connect(engine) as connection:
        return lease.covers(connection, years)


def test_a_second_sync_waits_until_the_first_has_ended(engine: Engine) -> None:
    """It asks again and again, and has the years when they are given back."""
    first, clock = held(engine, 2001, 2002), Clock()
    second = Lease(engine, [2002, 2003], TERMS, clock)

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if len(clock.slept) == 3:
            first.give_back()

    second.take("second", sleep=sleep)

    assert len(clock.slept) == 3
    assert all(0 < seconds <= 1 for seconds in clock.slept)
    assert covers(second, engine, 2002, 2003)


def test_a_second_sync_gives_up_with_the_name_of_the_first(engine: Engine) -> None:
    """After its bound it says who has which years and what to do; the first one is not disturbed."""
    first, clock = held(engine, 2001, 2002, 2003, terms=LeaseTerms(seconds=120, wait=5)), Clock()
    second = Lease(engine, [2002, 2003, 2004], LeaseTerms(seconds=120, wait=5), clock)

    with pytest.raises(LeaseError, match=r"run first, process \d+ on .*\) writes the contacts of 2002, 2003 .* 5 s"):
        second.take("second", sleep=clock.sleep)

    assert 5 <= sum(clock.slept) <= 6
    assert covers(first, engine, 2001, 2002, 2003)
    assert held(engine, 2004).years == (2004,)


def test_waiting_is_told_once(sqlite_engine: Engine) -> None:
    """A line for a person, not one a second."""
    held(sqlite_engine, 2001)
    clock = Clock()

    with capture_logs() as logs, pytest.raises(LeaseError):
        Lease(sqlite_engine, [2001], TERMS, clock).take("second", sleep=clock.sleep)

    assert [(line["event"], line["years"]) for line in logs] == [("sync_waits", [2001])]


def test_many_years_in_the_way_are_not_all_named(sqlite_engine: Engine) -> None:
    """Five are enough to know what to look for."""
    held(sqlite_engine, *range(1880, 2025))

    with pytest.raises(LeaseError, match="1880, 1881, 1882, 1883, 1884 and others"):
        Lease(sqlite_engine, range(1880, 2025), LeaseTerms(seconds=60, wait=0), Clock()).take("second")


def test_a_dead_sync_is_outlived(engine: Engine) -> None:
    """By the database's clock, whatever the clocks of the processes say."""
    dead = held(engine, 2001, terms=SHORT)

    alive = held(engine, 2001, clock=Clock(now=0.0))

    assert covers(alive, engine, 2001)
    assert not covers(dead, engine, 2001)


def test_a_living_sync_keeps_its_years_however_long_it_works(engine: Engine) -> None:
    """Renewed before half of the time is over, six times in all of it, and not more often."""
    clock = Clock()
    lease = held(engine, 2001, terms=LeaseTerms(seconds=60, wait=5), clock=clock)

    for _ in range(1000):
        clock.now += 1
        lease.keep()
        lease.check()

    assert covers(lease, engine, 2001)


def test_a_sync_whose_years_were_taken_learns_so_and_sends_nothing_more(engine: Engine) -> None:
    """It was frozen for longer than its lease: the next time that it keeps, and from then on whenever it checks."""
    clock = Clock()
    frozen = held(engine, 2001, 2002, terms=SHORT, clock=clock)
    held(engine, 2002)
    clock.now += 1

    with pytest.raises(LeaseError, match=r"another one took its years: it stops.*BABYNAMES_HUBSPOT__LEASE_SECONDS"):
        frozen.keep()
    with pytest.raises(LeaseError, match="another one took its years"):
        frozen.check()
    with pytest.raises(LeaseError, match="another one took its years"):
        frozen.keep()


def test_a_sync_that_finds_its_years_taken_when_it_records_stops(engine: Engine) -> None:
    """The transaction that would record an outcome is the surest place to learn it."""
    frozen = held(engine, 2001, terms=LeaseTerms(seconds=60, wait=5))
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sync_leases SET holder = 'somebody'")

    assert not covers(frozen, engine, 2001)

    with pytest.raises(LeaseError, match="another one took its years"):
        frozen.check()


@pytest.mark.parametrize(("seconds", "may_send"), [(0, True), (30, True), (31, False), (1000, False)])
def test_a_lease_that_is_not_renewed_is_trusted_for_half_its_time(
    sqlite_engine: Engine, seconds: float, may_send: bool
) -> None:
    """What is sent in the other half could arrive after somebody else has begun."""
    clock = Clock()
    lease = held(sqlite_engine, 2001, terms=LeaseTerms(seconds=60, wait=5), clock=clock)
    clock.now += seconds

    if may_send:
        lease.check()
    else:
        with pytest.raises(LeaseError, match="could not show for a while that it lives"):
            lease.check()


def test_a_lease_that_had_ended_unseen_is_good_again_when_it_is_renewed(engine: Engine) -> None:
    """The database was away for long, and nobody else came."""
    clock = Clock()
    lease = held(engine, 2001, terms=SHORT, clock=clock)
    clock.now += 1000

    lease.keep()

    lease.check()
    assert covers(lease, engine, 2001)


def test_giving_back_never_fails_a_sync_that_is_done(sqlite_engine: Engine) -> None:
    """A warehouse that cannot be told is told of in the log."""
    lease = held(sqlite_engine, 2001)
    sqlite_engine.dispose()
    assert sqlite_engine.url.database
    Path(sqlite_engine.url.database).write_text("no database any more " * 1000)

    with capture_logs() as logs:
        lease.give_back()

    assert [line["event"] for line in logs] == ["lease_not_given_back"]
