"""Tests of the leases of years: one holder, by the database's clock."""

import threading
from functools import partial

import sqlalchemy as sa

from babynames_assets.warehouse import sync_leases
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_leases import HeldYear
from babynames_assets.warehouse.tables import sync_leases as table

LONG, OVER = 600.0, -1.0


def take(engine: Engine, holder: str, *years: int, seconds: float = LONG) -> list[int]:
    """The years that stand in the way of a holder who wants these."""
    return [held.year for held in held_against(engine, holder, *years, seconds=seconds)]


def held_against(engine: Engine, holder: str, *years: int, seconds: float = LONG) -> list[HeldYear]:
    """The same with their holders."""
    work = partial(sync_leases.take, years=years, holder=holder, held_by=f"run of {holder}", seconds=seconds)
    return run_in_transaction(engine, work)


def renew(engine: Engine, holder: str, *years: int, seconds: float = LONG) -> bool:
    """Whether all of the years could be held for longer."""
    return run_in_transaction(engine, partial(sync_leases.renew, years=years, holder=holder, seconds=seconds))


def holds(engine: Engine, holder: str, *years: int) -> bool:
    """Whether the holder has these years."""
    return run_in_transaction(engine, partial(sync_leases.are_held, years=years, holder=holder))


def release(engine: Engine, holder: str, *years: int) -> None:
    """Give years back."""
    run_in_transaction(engine, partial(sync_leases.release, years=years, holder=holder))


def test_a_year_has_one_holder(engine: Engine) -> None:
    """The second one is told who stands in the way, and until when."""
    assert take(engine, "one", 2001, 2002) == []

    [held] = held_against(engine, "two", 2002, 2003)

    assert (held.year, held.held_by) == (2002, "run of one")
    with connect(engine) as connection:
        assert held.expires_at == connection.scalar(sa.select(table.c.expires_at).where(table.c.year == 2002))
    assert holds(engine, "one", 2001, 2002)


def test_all_of_the_years_are_taken_or_none(engine: Engine) -> None:
    """Who has to wait for one year does not keep others from the rest."""
    take(engine, "one", 2002)

    take(engine, "two", 2001, 2002, 2003)

    assert take(engine, "three", 2001, 2003) == []


def test_runs_of_different_years_do_not_wait_for_each_other(engine: Engine) -> None:
    """Backfills of several years work side by side."""
    assert take(engine, "one", 2001, 2003) == []
    assert take(engine, "two", 2002, 2004) == []


def test_a_year_that_was_given_back_is_free(engine: Engine) -> None:
    """The others of the holder stay its own."""
    take(engine, "one", 2001, 2002)

    release(engine, "one", 2001)

    assert take(engine, "two", 2001) == []
    assert take(engine, "two", 2002) == [2002]
    assert not holds(engine, "one", 2001, 2002)


def test_a_holder_that_gives_no_sign_of_life_loses_its_years(engine: Engine) -> None:
    """Whoever comes first has them; the one before learns so."""
    take(engine, "dead", 2001, seconds=OVER)

    assert take(engine, "next", 2001) == []

    assert not renew(engine, "dead", 2001)
    assert not holds(engine, "dead", 2001)
    assert holds(engine, "next", 2001)


def test_a_lease_that_has_ended_is_renewed_while_nobody_else_wants_it(engine: Engine) -> None:
    """A database that was down for a while ends no sync that is alone."""
    take(engine, "one", 2001, 2002, seconds=OVER)

    assert renew(engine, "one", 2001, 2002)

    assert take(engine, "two", 2001) == [2001]


def test_a_renewal_says_when_a_single_year_is_lost(engine: Engine) -> None:
    """Half a lease is none."""
    take(engine, "one", 2001, 2002, seconds=OVER)
    take(engine, "two", 2002)

    assert not renew(engine, "one", 2001, 2002)


def test_nobody_gives_back_what_belongs_to_another(engine: Engine) -> None:
    """A run that was taken for dead ends without harm to the one that works now."""
    take(engine, "dead", 2001, seconds=OVER)
    take(engine, "next", 2001)

    release(engine, "dead", 2001)

    assert holds(engine, "next", 2001)


def test_a_holder_may_take_its_own_years_again(engine: Engine) -> None:
    """A transaction that is repeated after its answer was lost finds them taken, by itself."""
    take(engine, "one", 2001)

    assert take(engine, "one", 2001, 2002) == []


def test_of_many_who_want_a_year_at_once_one_gets_it(engine: Engine) -> None:
    """Threads with connections of their own, all at the same moment, on a year that nobody had before."""
    winners: list[int] = []
    start = threading.Barrier(6)

    def want(number: int) -> None:
        start.wait(timeout=30)
        if not take(engine, f"holder {number}", 2001, 2002):
            winners.append(number)

    threads = [threading.Thread(target=want, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert len(winners) == 1
    assert holds(engine, f"holder {winners[0]}", 2001, 2002)


def test_whoever_is_found_to_hold_a_year_holds_it_until_its_transaction_ends(server_engine: Engine) -> None:
    """A lease that ends in the middle of a recording is not taken over before the recording is committed."""
    take(server_engine, "one", 2001, seconds=OVER)
    taken = threading.Event()

    def want() -> None:
        take(server_engine, "two", 2001)
        taken.set()

    with server_engine.begin() as connection:
        assert sync_leases.are_held(connection, [2001], holder="one")
        thread = threading.Thread(target=want)
        thread.start()
        waited = not taken.wait(timeout=0.5)
    thread.join(timeout=60)

    assert waited
    assert holds(server_engine, "two", 2001)
