"""Tests of the difference between table and state, counted by the database."""

from collections import Counter

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets.warehouse import sync_differences, sync_pieces, sync_state
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_differences import DifferenceExample, YearDifference, births_of
from babynames_assets.warehouse.sync_state import RefusedContact, RemovedContact, SyncedContact
from babynames_assets.warehouse.tables import contact_sync_state
from babynames_assets_tests.warehouse.frames import load

MAPPING = "v1"


def by_year(engine: Engine, years: list[int] | None = None) -> dict[int, YearDifference]:
    """Where each year stands."""
    with connect(engine) as connection:
        return sync_differences.by_year(connection, years, MAPPING)


def examples(engine: Engine, limit: int) -> list[DifferenceExample]:
    """Some contacts of each kind."""
    with connect(engine) as connection:
        found = sync_differences.by_year(connection, None, MAPPING)
        return sync_differences.examples(connection, found, MAPPING, limit=limit)


def confirm(engine: Engine, year: int, **births: int) -> None:
    """Record that HubSpot holds these girls' names."""
    rows = [SyncedContact(year, "F", name, f"{MAPPING}:{number}", f"id-{name}") for name, number in births.items()]
    run_in_transaction(engine, lambda connection: sync_state.record_synced(connection, rows))


def refuse(engine: Engine, year: int, **births: int) -> None:
    """Record that HubSpot refused these girls' names."""
    rows = [RefusedContact(year, "F", name, f"{MAPPING}:{number}") for name, number in births.items()]
    run_in_transaction(engine, lambda connection: sync_state.record_refused(connection, rows))


def test_every_row_and_every_contact_is_of_one_kind(engine: Engine) -> None:
    """New, changed, confirmed, refused; gone from HubSpot's point of view, and gone without ever having been there."""
    load(engine, 2001, ("F", "New", 1), ("F", "Changed", 2), ("F", "Same", 3), ("F", "Bad", 4), ("F", "Mended", 6))
    confirm(engine, 2001, Changed=1, Same=3, Gone=7)
    refuse(engine, 2001, Bad=4, Mended=5, Never=8)

    assert by_year(engine) == {
        2001: YearDifference(create=2, update=1, unchanged=1, refused=1, archive=2, uncertain=1, recorded=6)
    }


def test_a_row_that_was_accepted_once_and_refused_later_is_an_update(engine: Engine) -> None:
    """HubSpot holds the contact: what tells a new one is that it has no id."""
    load(engine, 2001, ("F", "Mary", 3))
    confirm(engine, 2001, Mary=1)
    refuse(engine, 2001, Mary=2)

    assert by_year(engine)[2001] == YearDifference(update=1, recorded=1)


def test_years_are_counted_apart(engine: Engine) -> None:
    """A year that only the table has, one that only the state has, one that both have; another one is not there."""
    load(engine, 2001, ("F", "Mary", 1))
    load(engine, 2002, ("F", "Mary", 1))
    confirm(engine, 2002, Mary=1)
    confirm(engine, 2003, Mary=1, Anna=1)

    assert by_year(engine) == {
        2001: YearDifference(create=1),
        2002: YearDifference(unchanged=1, recorded=1),
        2003: YearDifference(archive=2, recorded=2),
    }


def test_only_the_years_asked_for_are_counted(engine: Engine) -> None:
    """A range may hold years that nobody has."""
    for year in (2001, 2002, 2003):
        load(engine, year, ("F", "Mary", 1))

    assert list(by_year(engine, [2002, 2003, 2050])) == [2002, 2003]
    assert by_year(engine, []) == {}


def test_an_empty_warehouse_has_no_years(engine: Engine) -> None:
    """Nothing to count is no error."""
    assert by_year(engine) == {}


def test_a_year_with_as_many_contacts_as_rows_can_have_lost_some(engine: Engine) -> None:
    """One has come and one has gone: the numbers of rows and of contacts are equal, the names are not."""
    load(engine, 2001, ("F", "New", 1), ("F", "Same", 1))
    confirm(engine, 2001, Same=1, Gone=1)

    assert by_year(engine)[2001] == YearDifference(create=1, unchanged=1, archive=1, recorded=2)


def test_names_are_told_apart_by_code_point(engine: Engine) -> None:
    """Zoe, Zoë and ZOE are three contacts."""
    load(engine, 2001, ("F", "Zoe", 1), ("F", "Zoë", 1))
    confirm(engine, 2001, Zoe=1, ZOE=1)

    assert by_year(engine)[2001] == YearDifference(create=1, unchanged=1, archive=1, recorded=2)


def test_examples_tell_old_and_new_births(engine: Engine) -> None:
    """The newest years come first; what the table no longer has, and what HubSpot does not have yet, is None."""
    load(engine, 2001, ("F", "Changed", 9))
    confirm(engine, 2001, Changed=1)
    load(engine, 2002, ("F", "New", 5), ("M", "New", 6), ("F", "Changed", 2), ("F", "Same", 1))
    confirm(engine, 2002, Changed=1, Same=1, Gone=7)

    assert examples(engine, limit=2) == [
        DifferenceExample("create", 2002, "F", "New", None, 5),
        DifferenceExample("create", 2002, "M", "New", None, 6),
        DifferenceExample("update", 2002, "F", "Changed", 1, 2),
        DifferenceExample("update", 2001, "F", "Changed", 1, 9),
        DifferenceExample("archive", 2002, "F", "Gone", 7, None),
    ]


def test_there_are_never_more_examples_than_asked_for(engine: Engine) -> None:
    """Two million new rows show a few."""
    load(engine, 2001, *(("F", f"Name{letter}", 1) for letter in "abcdefgh"))
    load(engine, 2002, *(("F", f"Name{letter}", 1) for letter in "ab"))

    shown = examples(engine, limit=5)

    assert Counter(example.year for example in shown) == {2002: 2, 2001: 3}


def test_calls_are_counted_by_the_batches_that_an_archive_makes(engine: Engine) -> None:
    """In the order of the key, across years: batches of which nobody knows who is there, and of which one is known."""
    confirm(engine, 2001, A=1, B=1, C=1, D=1)
    refuse(engine, 2001, E=1)
    refuse(engine, 2002, A=1, B=1, C=1)

    with connect(engine) as connection:
        found = [sync_differences.archive_calls(connection, [2001, 2002], size=size) for size in (100, 4, 2, 1)]

    assert found == [(1, 1), (1, 1), (2, 2), (4, 4)]


def test_what_was_in_doubt_when_its_row_went_has_to_be_asked_for(engine: Engine) -> None:
    """Its id may be that of another contact by now."""
    confirm(engine, 2001, Mary=1, Anna=1)
    doubtful = RemovedContact(2001, "F", "Mary", None)
    run_in_transaction(engine, lambda connection: sync_state.record_doubt(connection, [doubtful]))

    assert by_year(engine)[2001] == YearDifference(archive=2, uncertain=1, recorded=2)


def test_a_fingerprint_may_not_tell_its_births() -> None:
    """What is in doubt, or was mapped in another way, has none to show."""
    assert births_of("1:9291") == 9291
    assert [births_of(text) for text in ("", "1:", None, "1:many")] == [None] * 4


girls = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 3))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=girls, synced=girls, refused=girls)
def test_the_counts_are_those_of_the_queries_that_the_push_makes(
    sqlite_engine: Engine, rows: dict[str, int], synced: dict[str, int], refused: dict[str, int]
) -> None:
    """Whatever table and state hold: what is to be sent and removed is what is counted."""
    run_in_transaction(sqlite_engine, lambda connection: connection.execute(sa.delete(contact_sync_state)).close())
    load(sqlite_engine, 2001, *(("F", name, births) for name, births in (rows or {"z": 1}).items()))
    confirm(sqlite_engine, 2001, **synced)
    refuse(sqlite_engine, 2001, **refused)

    found = by_year(sqlite_engine)[2001]

    with connect(sqlite_engine) as connection:
        counts = sync_state.counts(connection, None, MAPPING)
    sent = run_in_transaction(sqlite_engine, lambda connection: sync_pieces.next_changed(connection, 2001, MAPPING))
    removed = run_in_transaction(sqlite_engine, lambda connection: sync_pieces.next_removed(connection, 2001))
    assert found.create + found.update == len(sent) == counts.pending
    assert found.uncertain == sum(contact.hubspot_id is None for contact in removed)
    assert found.archive == len(removed) == counts.to_remove
    assert (found.unchanged, found.refused, found.recorded) == (counts.synced, counts.refused, counts.recorded)
