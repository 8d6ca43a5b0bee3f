"""Tests of what HubSpot confirmed, and of its difference to the table."""

from functools import partial

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets.warehouse import sync_differences, sync_pieces, sync_state
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_differences import SyncCounts
from babynames_assets.warehouse.sync_state import (
    ChangedContact,
    RefusedContact,
    RemovedContact,
    SyncedContact,
)
from babynames_assets_tests.warehouse.frames import load


def changed(engine: Engine, year: int = 2001, mapping: str = "v1") -> list[ChangedContact]:
    """What is to be sent."""
    return run_in_transaction(engine, partial(sync_pieces.next_changed, year=year, mapping=mapping))


def removed(engine: Engine, year: int = 2001) -> list[RemovedContact]:
    """What is to be archived."""
    return run_in_transaction(engine, partial(sync_pieces.next_removed, year=year))


def counts(engine: Engine, years: list[int] | None = None, mapping: str = "v1") -> SyncCounts:
    """Where the contacts stand."""
    with connect(engine) as connection:
        return sync_differences.counts(connection, years, mapping)


def confirm(engine: Engine, *contacts: ChangedContact) -> None:
    """Record that HubSpot took them."""
    rows = [
        SyncedContact(contact.year, contact.sex, contact.name, contact.fingerprint, f"id-{contact.name}")
        for contact in contacts
    ]
    run_in_transaction(engine, lambda connection: sync_state.record_synced(connection, rows))


def refuse(engine: Engine, *contacts: ChangedContact) -> None:
    """Record that HubSpot refused them."""
    rows = [RefusedContact(contact.year, contact.sex, contact.name, contact.fingerprint) for contact in contacts]
    run_in_transaction(engine, lambda connection: sync_state.record_refused(connection, rows))


def test_rows_that_were_never_sent_are_changed(engine: Engine) -> None:
    """In the order of the key, with the fingerprint to record once HubSpot answers."""
    load(engine, 2001, ("M", "John", 5), ("F", "Mary", 7), ("F", "Anna", 9))

    assert changed(engine) == [
        ChangedContact(2001, "F", "Anna", 9, "v1:9"),
        ChangedContact(2001, "F", "Mary", 7, "v1:7"),
        ChangedContact(2001, "M", "John", 5, "v1:5"),
    ]


def test_confirmed_rows_are_not_sent_again(engine: Engine) -> None:
    """Only what differs costs a call."""
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7))
    confirm(engine, *changed(engine)[:1])

    assert [contact.name for contact in changed(engine)] == ["Mary"]


def test_a_row_that_changed_after_it_was_confirmed_is_sent_again(engine: Engine) -> None:
    """Births are the part of a row that can change."""
    load(engine, 2001, ("F", "Anna", 9))
    confirm(engine, *changed(engine))

    load(engine, 2001, ("F", "Anna", 10))

    assert changed(engine) == [ChangedContact(2001, "F", "Anna", 10, "v1:10")]


def test_a_new_mapping_sends_every_row_again(engine: Engine) -> None:
    """HubSpot's copy was made by the old mapping, whatever the births."""
    load(engine, 2001, ("F", "Anna", 9))
    confirm(engine, *changed(engine))

    assert changed(engine, mapping="v2") == [ChangedContact(2001, "F", "Anna", 9, "v2:9")]
    assert changed(engine, mapping="V1") == [ChangedContact(2001, "F", "Anna", 9, "V1:9")]


def test_a_refused_row_waits_until_it_changes(engine: Engine) -> None:
    """What HubSpot refused as it is would be refused again."""
    load(engine, 2001, ("F", "Anna", 9))
    refuse(engine, *changed(engine))
    assert changed(engine) == []

    load(engine, 2001, ("F", "Anna", 8))

    assert [contact.births for contact in changed(engine)] == [8]


def test_a_contact_whose_row_has_gone_is_removed(engine: Engine) -> None:
    """With the id by which HubSpot archives it."""
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7))
    confirm(engine, *changed(engine))

    load(engine, 2001, ("F", "Mary", 7))

    assert removed(engine) == [RemovedContact(2001, "F", "Anna", "id-Anna")]


def test_a_refused_row_that_has_gone_has_no_contact_to_archive(engine: Engine) -> None:
    """There is no id, and still something to forget."""
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7))
    refuse(engine, *changed(engine))

    load(engine, 2001, ("F", "Mary", 7))

    assert removed(engine) == [RemovedContact(2001, "F", "Anna", None)]


def test_a_refusal_keeps_the_id_of_a_contact_that_exists(engine: Engine) -> None:
    """HubSpot still has the older version, and it has to go when the row goes."""
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7))
    confirm(engine, *changed(engine))
    load(engine, 2001, ("F", "Anna", 10), ("F", "Mary", 7))
    refuse(engine, *changed(engine))

    load(engine, 2001, ("F", "Mary", 7))

    assert removed(engine) == [RemovedContact(2001, "F", "Anna", "id-Anna")]


def test_a_forgotten_contact_leaves_no_state(engine: Engine) -> None:
    """Should the row come back, it is new."""
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7))
    confirm(engine, *changed(engine))
    load(engine, 2001, ("F", "Mary", 7))
    gone = removed(engine)

    run_in_transaction(engine, lambda connection: sync_state.forget(connection, gone))

    assert removed(engine) == []
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7))
    assert [contact.name for contact in changed(engine)] == ["Anna"]


def test_names_that_differ_by_accent_or_case_have_their_own_state(engine: Engine) -> None:
    """What HubSpot said of Zoe says nothing of Zoë or zoe."""
    load(engine, 2001, ("F", "Zoe", 9), ("F", "Zoë", 9), ("F", "zoe", 9))

    confirm(engine, ChangedContact(2001, "F", "Zoe", 9, "v1:9"))

    assert {contact.name for contact in changed(engine)} == {"Zoë", "zoe"}
    load(engine, 2001, ("F", "Zoë", 9), ("F", "zoe", 9))
    assert [contact.name for contact in removed(engine)] == ["Zoe"]


def test_years_do_not_mix(engine: Engine) -> None:
    """The same name in another year is another contact."""
    load(engine, 2001, ("F", "Anna", 9))
    load(engine, 2002, ("F", "Anna", 9))

    confirm(engine, *changed(engine, 2001))

    assert changed(engine, 2001) == []
    assert [contact.year for contact in changed(engine, 2002)] == [2002]
    assert removed(engine, 2002) == []


def test_the_counts_add_up_to_the_table(engine: Engine) -> None:
    """Each row is synced, pending or refused; contacts without row are counted apart."""
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7), ("M", "John", 5), ("M", "Karl", 4), ("M", "Otto", 3))
    anna, mary, john, karl, _ = changed(engine)
    confirm(engine, anna, mary, karl)
    refuse(engine, john)
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 8), ("M", "John", 5), ("M", "Otto", 3))

    assert counts(engine) == SyncCounts(synced=1, pending=2, refused=1, to_remove=1, recorded=5)


def test_counts_of_some_years_leave_the_others_out(engine: Engine) -> None:
    """None means all, a list only those; a new mapping makes everything pending."""
    load(engine, 2001, ("F", "Anna", 9))
    load(engine, 2002, ("F", "Anna", 9), ("F", "Mary", 7))
    confirm(engine, *changed(engine, 2002))

    assert counts(engine, [2001]) == SyncCounts(0, 1, 0, 0, 0)
    assert counts(engine, [2002]) == SyncCounts(2, 0, 0, 0, 2)
    assert counts(engine) == SyncCounts(2, 1, 0, 0, 2)
    assert counts(engine, mapping="v2") == SyncCounts(0, 3, 0, 0, 2)


def test_an_empty_warehouse_counts_nothing(engine: Engine) -> None:
    """Sums over no rows are zero, not missing."""
    assert counts(engine) == SyncCounts(0, 0, 0, 0, 0)


def test_recording_nothing_writes_nothing(engine: Engine) -> None:
    """A batch may have no outcome of a kind."""
    confirm(engine)
    refuse(engine)

    assert counts(engine).recorded == 0


def test_thousands_of_contacts_are_recorded(engine: Engine) -> None:
    """More than a statement takes, the first time and again."""
    load(engine, 2001, *(("F", f"Name{number:05}", number + 1) for number in range(2300)))
    contacts = changed(engine)

    confirm(engine, *contacts)
    confirm(engine, *contacts)

    assert counts(engine) == SyncCounts(2300, 0, 0, 0, 2300)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(1, 99), min_size=1),
    synced=st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(1, 99)),
)
def test_sending_what_changed_and_removing_what_has_gone_converges(
    engine: Engine, table: dict[str, int], synced: dict[str, int]
) -> None:
    """From any state, one round leaves nothing to do, and touches nothing that was right."""
    with engine.begin() as connection:
        for name in ("baby_names", "contact_sync_state"):
            connection.exec_driver_sql(f"DELETE FROM {name}")
    load(engine, 2001, *(("F", name, births) for name, births in table.items()))
    confirm(engine, *(ChangedContact(2001, "F", name, births, f"v1:{births}") for name, births in synced.items()))

    send, gone = changed(engine), removed(engine)
    confirm(engine, *send)
    run_in_transaction(engine, lambda connection: sync_state.forget(connection, gone))

    assert {contact.name for contact in send} == {name for name in table if table[name] != synced.get(name)}
    assert {contact.name for contact in gone} == synced.keys() - table.keys()
    assert (changed(engine), removed(engine)) == ([], [])
    assert counts(engine) == SyncCounts(len(table), 0, 0, 0, len(table))


def test_an_unknown_status_is_refused_by_the_database(engine: Engine) -> None:
    """Counts know three states; a fourth would vanish from them."""
    row = "2001, 'F', 'Anna', 'v1:9', 'lost', NULL, '2026-01-01 00:00:00'"
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO contact_sync_state VALUES ({row})")
