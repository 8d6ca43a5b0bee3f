"""Tests of the plans that are kept."""

import datetime as dt

import sqlalchemy as sa

from babynames_assets.warehouse import clock, sync_plans, tables
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_plans import KeptPlan

DAY = dt.timedelta(days=1)


def keep(engine: Engine, plan_id: str = "0a1b2c3d", *, valid: dt.timedelta = DAY) -> KeptPlan:
    """Keep a plan of three years."""
    return run_in_transaction(
        engine, lambda connection: sync_plans.keep(connection, plan_id, (2001, 2003), "{}", "d" * 64, valid=valid)
    )


def find(engine: Engine, plan_id: str = "0a1b2c3d") -> KeptPlan | None:
    """The plan of an id."""
    return run_in_transaction(engine, lambda connection: sync_plans.find(connection, plan_id))


def now(engine: Engine) -> dt.datetime:
    """The database's time."""
    with connect(engine) as connection:
        return clock.moment(connection)


def test_a_plan_is_found_by_its_id(engine: Engine) -> None:
    """All that was kept comes back, to the microsecond."""
    kept = keep(engine)

    assert find(engine) == kept
    assert kept.expires_at - kept.made_at == DAY
    assert abs(kept.made_at - now(engine)) < dt.timedelta(minutes=1)
    assert (kept.begun_at, kept.finished_at) == (None, None)


def test_an_id_that_nobody_kept_is_not_found(engine: Engine) -> None:
    """Ids are compared to the letter."""
    keep(engine)

    assert find(engine, "0A1B2C3D") is None
    assert find(engine, "") is None


def test_a_plan_covers_the_years_between_its_first_and_last(engine: Engine) -> None:
    """Also those of which it has nothing to say."""
    kept = keep(engine)

    assert [kept.covers(year) for year in (2000, 2001, 2002, 2003, 2004)] == [False, True, True, True, False]


def test_the_first_beginning_counts(engine: Engine) -> None:
    """A sync that goes on does not begin anew."""
    keep(engine)
    run_in_transaction(engine, lambda connection: sync_plans.begin(connection, "0a1b2c3d"))
    first = find(engine)

    run_in_transaction(engine, lambda connection: sync_plans.begin(connection, "0a1b2c3d"))

    assert first is not None
    assert first.begun_at is not None
    assert find(engine) == first


def test_finishing_leaves_when_it_was_begun(engine: Engine) -> None:
    """Both moments are told apart."""
    keep(engine)
    run_in_transaction(engine, lambda connection: sync_plans.begin(connection, "0a1b2c3d"))

    run_in_transaction(engine, lambda connection: sync_plans.finish(connection, "0a1b2c3d"))

    found = find(engine)
    assert found is not None
    assert found.begun_at is not None
    assert found.finished_at is not None
    assert found.begun_at <= found.finished_at


def test_plans_that_are_long_over_are_dropped(engine: Engine) -> None:
    """The table does not grow for ever; one that expired lately is still there to say so."""
    keep(engine, "ancient1", valid=-sync_plans.KEPT - DAY)
    keep(engine, "expired1", valid=-DAY)

    keep(engine, "newest01")

    with connect(engine) as connection:
        ids = set(connection.scalars(sa.select(tables.sync_plans.c.plan_id)))
    assert ids == {"expired1", "newest01"}
