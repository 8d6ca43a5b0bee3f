"""Tests of the note which content of a year HubSpot holds whole, on SQLite, MySQL and MariaDB."""

from functools import partial

from babynames_assets.warehouse import synced_years
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.synced_years import SyncedYear


def test_the_newest_note_counts(engine: Engine) -> None:
    """A second sync replaces it."""
    run_in_transaction(engine, partial(synced_years.enter, digests={2001: "a" * 64, 2002: "b" * 64}, mapping="1"))
    run_in_transaction(engine, partial(synced_years.enter, digests={2002: "c" * 64}, mapping="2"))

    with connect(engine) as connection:
        found = synced_years.read(connection)

    assert found == {2001: SyncedYear("a" * 64, "1"), 2002: SyncedYear("c" * 64, "2")}


def test_a_forgotten_year_has_no_note(engine: Engine) -> None:
    """The others keep theirs."""
    run_in_transaction(engine, partial(synced_years.enter, digests={2001: "a" * 64, 2002: "b" * 64}, mapping="1"))

    run_in_transaction(engine, partial(synced_years.forget, years=[2001, 2005]))

    with connect(engine) as connection:
        assert set(synced_years.read(connection)) == {2002}
