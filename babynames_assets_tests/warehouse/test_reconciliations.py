"""Tests of readings back that are under way."""

import datetime as dt

from babynames_assets.warehouse import reconciliations, tables
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction


def unfinished(engine: Engine, task: str = "1880-2024") -> str | None:
    """What was left of a task."""
    with connect(engine) as connection:
        return reconciliations.unfinished(connection, task)


def begin(engine: Engine, progress: str, task: str = "1880-2024") -> None:
    """Begin a task."""
    run_in_transaction(engine, lambda connection: reconciliations.begin(connection, task, progress))


def save(engine: Engine, progress: str, *, is_finished: bool = False) -> None:
    """Enter how far it came."""
    run_in_transaction(
        engine,
        lambda connection: reconciliations.save(connection, "1880-2024", progress, is_finished=is_finished),
    )


def test_what_was_begun_and_not_finished_is_left(engine: Engine) -> None:
    """With the progress that was saved last, for this task alone."""
    assert unfinished(engine) is None

    begin(engine, "nothing yet")
    save(engine, "half Zoë")

    assert unfinished(engine) == "half Zoë"
    assert unfinished(engine, "1880-2024 repair") is None


def test_what_is_finished_is_not_left(engine: Engine) -> None:
    """The next run begins anew."""
    begin(engine, "nothing yet")
    save(engine, "all", is_finished=True)

    assert unfinished(engine) is None

    begin(engine, "again")
    assert unfinished(engine) == "again"


def test_what_was_left_long_ago_is_not_gone_on_with(engine: Engine) -> None:
    """After a week HubSpot will have changed."""
    begin(engine, "nothing yet")
    past = dt.datetime.now(dt.UTC).replace(tzinfo=None) - reconciliations.RESUMED - dt.timedelta(minutes=1)

    run_in_transaction(
        engine, lambda connection: connection.execute(tables.reconciliations.update().values(updated_at=past)).close()
    )

    assert unfinished(engine) is None
