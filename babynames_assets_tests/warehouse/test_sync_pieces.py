"""Tests of the differences between table and state, a piece at a time, and of the doubt that they leave."""

from functools import partial

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets.warehouse import sync_pieces, sync_state
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_pieces import Place, Removals
from babynames_assets.warehouse.sync_state import ChangedContact, RemovedContact, SyncedContact
from babynames_assets.warehouse.tables import contact_sync_state
from babynames_assets_tests.warehouse.frames import load

ALL_AT_ONCE = 1000


def changed(engine: Engine, year: int = 2001, limit: int = ALL_AT_ONCE) -> list[ChangedContact]:
    """What is to be sent, read in pieces of this size."""
    return in_pieces(engine, partial(sync_pieces.next_changed, year=year, mapping="v1", limit=limit))


def removed(engine: Engine, year: int = 2001, limit: int = ALL_AT_ONCE) -> list[RemovedContact]:
    """What is to be archived, read in pieces of this size."""
    return in_pieces(engine, partial(sync_pieces.next_removed, year=year, limit=limit))


def in_pieces(engine: Engine, read: partial) -> list:
    """All pieces, one behind the other."""
    found: list = []
    after: Place | None = None
    while piece := run_in_transaction(engine, partial(read, after=after)):
        found += piece
        after = (piece[-1].sex, piece[-1].name)
    return found


def confirm(engine: Engine, *contacts: ChangedContact) -> None:
    """Record that HubSpot took them."""
    rows = [SyncedContact(one.year, one.sex, one.name, one.fingerprint, f"id-{one.name}") for one in contacts]
    run_in_transaction(engine, lambda connection: sync_state.record_synced(connection, rows))


def states(engine: Engine) -> dict[str, str]:
    """The status of each name."""
    with connect(engine) as connection:
        rows = connection.execute(sa.select(contact_sync_state.c.name, contact_sync_state.c.status))
        return {row.name: row.status for row in rows}


def unfinished(engine: Engine, *years: int) -> list[int]:
    """The years that have something to do."""
    with connect(engine) as connection:
        return sync_pieces.unfinished_years(connection, years, "v1")


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pieces_of_any_size_are_the_whole_difference_in_the_order_of_the_key(engine: Engine, limit: int) -> None:
    """No row is left out where one piece ends and the next begins, and none comes twice; both sexes have pieces."""
    rows = [("F", "Anna", 1), ("F", "Mary", 2), ("F", "Zoe", 3), ("F", "Zoë", 4), ("M", "Anna", 5), ("M", "John", 6)]
    load(engine, 2001, *rows, ("M", "zoe", 7))

    found = [(one.sex, one.name, one.births) for one in changed(engine, limit=limit)]

    assert found == [*rows, ("M", "zoe", 7)]


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_what_is_removed_comes_in_pieces_too(engine: Engine, limit: int) -> None:
    """Five contacts without a row, whatever the size of the pieces, each once and with its id."""
    load(engine, 2001, *(("F", name, 1) for name in "ABCDE"), ("M", "Otto", 1))
    confirm(engine, *changed(engine))
    load(engine, 2001, ("M", "Otto", 1))

    assert removed(engine, limit=limit) == [RemovedContact(2001, "F", name, f"id-{name}") for name in "ABCDE"]


def test_a_row_is_in_doubt_from_before_it_is_sent(engine: Engine) -> None:
    """The transaction that reads a piece marks it, and nothing else: what is confirmed stays so."""
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7))
    confirm(engine, *changed(engine))
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 8), ("F", "Zoe", 1))

    changed(engine)

    assert states(engine) == {"Anna": "synced", "Mary": "in_doubt", "Zoe": "in_doubt"}


def test_a_row_that_is_changed_back_is_sent_again_if_a_write_was_begun(engine: Engine) -> None:
    """Nobody knows whether HubSpot took the 8: the 7 that it confirmed before proves nothing any more."""
    load(engine, 2001, ("F", "Mary", 7))
    confirm(engine, *changed(engine))
    load(engine, 2001, ("F", "Mary", 8))
    changed(engine)

    load(engine, 2001, ("F", "Mary", 7))

    assert changed(engine) == [ChangedContact(2001, "F", "Mary", 7, "v1:7")]


def test_a_new_row_that_goes_is_looked_for_if_a_write_was_begun(engine: Engine) -> None:
    """HubSpot may have created the contact; without an id it has to be asked."""
    load(engine, 2001, ("F", "Mary", 7), ("F", "Anna", 1))
    changed(engine)

    load(engine, 2001, ("F", "Anna", 1))

    assert removed(engine) == [RemovedContact(2001, "F", "Mary", None)]


def test_a_contact_that_comes_back_while_it_is_archived_is_sent(engine: Engine) -> None:
    """Nobody knows whether HubSpot archived it: the row is not taken for confirmed."""
    load(engine, 2001, ("F", "Mary", 7), ("F", "Anna", 1))
    confirm(engine, *changed(engine))
    load(engine, 2001, ("F", "Anna", 1))
    removed(engine)

    load(engine, 2001, ("F", "Mary", 7), ("F", "Anna", 1))

    assert [one.name for one in changed(engine)] == ["Mary"]


def test_a_contact_in_doubt_is_archived_by_the_id_that_hubspot_has_for_it_now(engine: Engine) -> None:
    """What was written without a recorded answer may be another contact than the one before."""
    load(engine, 2001, ("F", "Mary", 7), ("F", "Anna", 1))
    confirm(engine, *changed(engine))
    load(engine, 2001, ("F", "Mary", 8), ("F", "Anna", 1))
    changed(engine)

    load(engine, 2001, ("F", "Anna", 1))

    assert removed(engine) == [RemovedContact(2001, "F", "Mary", None)]


def test_a_doubt_keeps_the_id_of_a_contact_that_exists(engine: Engine) -> None:
    """A refusal after a doubt must not lose by which id HubSpot archives the older version."""
    load(engine, 2001, ("F", "Mary", 7))
    confirm(engine, *changed(engine))
    load(engine, 2001, ("F", "Mary", 8))

    changed(engine)

    with connect(engine) as connection:
        assert connection.scalar(sa.select(contact_sync_state.c.hubspot_id)) == "id-Mary"


def test_a_doubt_that_is_recorded_sends_the_contact_again(engine: Engine) -> None:
    """Whoever lost its lease takes back what was confirmed, of those contacts alone."""
    load(engine, 2001, ("F", "Anna", 1), ("F", "Mary", 7))
    contacts = changed(engine)
    confirm(engine, *contacts)

    run_in_transaction(engine, lambda connection: sync_state.record_doubt(connection, contacts[1:]))

    assert changed(engine) == contacts[1:]


def test_removals_are_counted_by_year(engine: Engine) -> None:
    """How many of how many; a year that lost nothing is left out."""
    for year in (2001, 2002, 2003):
        load(engine, year, *(("F", name, 1) for name in "ABCD"))
        confirm(engine, *changed(engine, year))
    load(engine, 2001, ("F", "A", 1))
    load(engine, 2003, *(("F", name, 1) for name in "ABC"))

    with connect(engine) as connection:
        found = sync_pieces.removals(connection, [2001, 2002, 2003])
        of_some = sync_pieces.removals(connection, [2002, 2003])

    assert found == [Removals(2001, gone=3, known=4), Removals(2003, gone=1, known=4)]
    assert of_some == [Removals(2003, gone=1, known=4)]


def test_a_year_is_unfinished_while_something_is_to_be_sent_or_archived(engine: Engine) -> None:
    """2001 is done, 2002 has a change, 2003 a removal, 2004 was never sent; 2005 nobody asks for."""
    for year in (2001, 2002, 2003, 2005):
        load(engine, year, ("F", "Anna", 1), ("F", "Mary", 1))
        confirm(engine, *changed(engine, year))
    load(engine, 2002, ("F", "Anna", 2), ("F", "Mary", 1))
    load(engine, 2003, ("F", "Mary", 1))
    load(engine, 2004, ("F", "Anna", 1))
    load(engine, 2005, ("F", "Anna", 2))

    assert unfinished(engine, 2001, 2002, 2003, 2004) == [2002, 2003, 2004]


names = st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(1, 3), min_size=1)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=names, sent=names, now=names, limit=st.integers(1, 4))
def test_whatever_a_crash_leaves_no_contact_is_forgotten(
    engine: Engine, first: dict[str, int], sent: dict[str, int], now: dict[str, int], limit: int
) -> None:
    """Confirmed, then a run that dies after it has read the difference, then the table changes once more.

    Each contact of which HubSpot may hold something else than the table says is sent or removed by the next run.
    """
    with engine.begin() as connection:
        for table in ("baby_names", "contact_sync_state"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    load(engine, 2001, *(("F", name, births) for name, births in first.items()))
    confirm(engine, *changed(engine))
    load(engine, 2001, *(("F", name, births) for name, births in sent.items()))
    touched = {one.name for one in changed(engine, limit=limit)} | {one.name for one in removed(engine, limit=limit)}
    load(engine, 2001, *(("F", name, births) for name, births in now.items()))

    to_send = {one.name for one in changed(engine, limit=limit)}
    to_remove = {one.name for one in removed(engine, limit=limit)}

    assert touched == {name for name in first.keys() | sent.keys() if first.get(name) != sent.get(name)}
    assert to_send == {name for name in now if name in touched or now[name] != first.get(name)}
    assert to_remove == (first.keys() | sent.keys()) - now.keys()
