"""Tests of what HubSpot should hold, for whoever reads it back."""

from collections import Counter
from random import Random

import pytest

from babynames_assets.warehouse import sync_differences, sync_pieces, sync_readback, sync_state
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_pieces import Place
from babynames_assets.warehouse.sync_readback import ConfirmedContact, RowKey
from babynames_assets_tests.warehouse.frames import load
from babynames_assets_tests.warehouse.test_sync_differences import MAPPING, confirm, refuse


def confirmed(engine: Engine, year: int = 2001, after: Place | None = None, limit: int = 100) -> list[ConfirmedContact]:
    """What HubSpot should hold of a year."""
    with connect(engine) as connection:
        return sync_readback.next_confirmed(connection, year, MAPPING, after=after, limit=limit)


def sample(engine: Engine, years: list[int] | None, size: int, seed: int = 1) -> list[ConfirmedContact]:
    """Some of it."""
    with connect(engine) as connection:
        return sync_readback.sample(connection, years, MAPPING, size=size, rng=Random(seed))  # noqa: S311 - a sample


def unchanged(engine: Engine, contacts: list[ConfirmedContact]) -> list[str]:
    """Names of those that nobody has written since."""
    with connect(engine) as connection:
        return [one.name for one in sync_readback.unchanged(connection, contacts)]


def doubt(engine: Engine, contacts: list[ConfirmedContact], *, is_there: bool) -> None:
    """Have them sent again."""
    run_in_transaction(engine, lambda connection: sync_readback.doubt(connection, contacts, is_there=is_there))


def without_row(engine: Engine, *keys: RowKey) -> set[RowKey]:
    """Those of which nobody knows."""
    with connect(engine) as connection:
        return sync_readback.without_row(connection, keys)


def test_only_what_was_confirmed_as_it_is_should_be_there(engine: Engine) -> None:
    """Rows that are new, changed, refused or gone are the next sync's business."""
    load(engine, 2001, *(("F", name, births) for name, births in {"New": 1, "Other": 2, "Same": 3, "Bad": 4}.items()))
    confirm(engine, 2001, Other=1, Same=3, Gone=7)
    refuse(engine, 2001, Bad=4)

    assert confirmed(engine) == [ConfirmedContact(2001, "F", "Same", 3, "v1:3", "id-Same")]


def test_contacts_come_in_pieces_in_the_order_of_the_key(engine: Engine) -> None:
    """A piece begins behind the last contact of the one before, across the sexes."""
    load(engine, 2001, ("F", "Anna", 1), ("F", "Zoe", 1), ("F", "Zoë", 1), ("M", "Anna", 1))
    confirm(engine, 2001, Anna=1, Zoe=1, Zoë=1)
    run_in_transaction(
        engine,
        lambda connection: sync_state.record_synced(
            connection, [sync_state.SyncedContact(2001, "M", "Anna", "v1:1", "id")]
        ),
    )

    found, after = [], None
    while piece := confirmed(engine, after=after, limit=2):
        found.append([(one.sex, one.name) for one in piece])
        after = found[-1][-1]

    assert found == [[("F", "Anna"), ("F", "Zoe")], [("F", "Zoë"), ("M", "Anna")]]


def test_a_sample_is_of_all_years_alike(engine: Engine) -> None:
    """Each contact is as likely as any other: a year of nine times as many has nine times as many chosen."""
    large = {f"Name{one}{two}": 1 for one in "abcdef" for two in "abcdefghijklmno"}
    small = {f"Name{letter}": 1 for letter in "abcdefghij"}
    for year, names in ((2001, large), (2002, small)):
        load(engine, year, *(("F", name, births) for name, births in names.items()))
        confirm(engine, year, **names)

    chosen = Counter(one.year for seed in range(40) for one in sample(engine, [2001, 2002], 20, seed))

    assert chosen.total() == 800
    assert 40 <= chosen[2002] <= 120


def test_a_sample_has_no_contact_twice_and_no_more_than_there_are(engine: Engine) -> None:
    """Asking for more than all gives all."""
    load(engine, 2001, *(("F", f"Name{letter}", 1) for letter in "abcdef"))
    confirm(engine, 2001, **{f"Name{letter}": 1 for letter in "abcdef"})

    assert [one.name for one in sample(engine, [2001], 100)] == [f"Name{letter}" for letter in "abcdef"]
    assert len({one.name for one in sample(engine, [2001], 4)}) == 4
    assert sample(engine, [2001], 0) == sample(engine, [2050], 5) == sample(engine, [], 5) == []


def test_the_same_seed_chooses_the_same_contacts(engine: Engine) -> None:
    """So that a check can be repeated."""
    load(engine, 2001, *(("F", f"Name{letter}", 1) for letter in "abcdefghij"))
    confirm(engine, 2001, **{f"Name{letter}": 1 for letter in "abcdefghij"})

    assert sample(engine, [2001], 3, seed=7) == sample(engine, [2001], 3, seed=7)
    assert len({tuple(one.name for one in sample(engine, [2001], 3, seed=seed)) for seed in range(10)}) > 5


def test_a_sample_leaves_out_what_is_to_be_sent(engine: Engine) -> None:
    """It was chosen among what was confirmed, and its row has changed since."""
    load(engine, 2001, ("F", "Changed", 2), ("F", "Same", 1))
    confirm(engine, 2001, Changed=1, Same=1, Gone=1)

    assert [one.name for one in sample(engine, [2001], 10)] == ["Same"]


def test_all_years_are_those_of_the_table_and_of_the_state(engine: Engine) -> None:
    """Also a year that one of them has alone."""
    with connect(engine) as connection:
        assert sync_readback.year_range(connection) is None
    load(engine, 2001, ("F", "Mary", 1))
    load(engine, 2003, ("F", "Mary", 1))
    confirm(engine, 1999, Mary=1)
    confirm(engine, 2001, Mary=1)

    with connect(engine) as connection:
        assert sync_readback.year_range(connection) == (1999, 2003)
    assert [one.year for one in sample(engine, None, 10)] == [2001]


def test_what_a_sync_wrote_meanwhile_is_told_apart(engine: Engine) -> None:
    """Sent again, refused, in doubt, forgotten, or found under another id."""
    names = ["Doubt", "Forgotten", "Id", "Refused", "Same", "Sent"]
    load(engine, 2001, *(("F", name, 1) for name in names))
    confirm(engine, 2001, **dict.fromkeys(names, 1))
    contacts = confirmed(engine)

    confirm(engine, 2001, Sent=2)
    refuse(engine, 2001, Refused=1)
    doubt(engine, [one for one in contacts if one.name == "Doubt"], is_there=True)
    forgotten = sync_state.RemovedContact(2001, "F", "Forgotten", None)
    run_in_transaction(engine, lambda connection: sync_state.forget(connection, [forgotten]))
    renamed = sync_state.SyncedContact(2001, "F", "Id", "v1:1", "another")
    run_in_transaction(engine, lambda connection: sync_state.record_synced(connection, [renamed]))

    assert unchanged(engine, contacts) == ["Same"]


@pytest.mark.parametrize("is_there", [True, False])
def test_what_is_doubted_is_sent_by_the_next_sync(engine: Engine, is_there: bool) -> None:
    """As an update where HubSpot has the contact, else as a new one; the others are left alone."""
    load(engine, 2001, ("F", "Mary", 1), ("F", "Same", 1))
    confirm(engine, 2001, Mary=1, Same=1)

    doubt(engine, [one for one in confirmed(engine) if one.name == "Mary"], is_there=is_there)

    with connect(engine) as connection:
        counts = sync_differences.by_year(connection, [2001], MAPPING)[2001]
    assert (counts.create, counts.update, counts.unchanged) == (int(not is_there), int(is_there), 1)
    sent = run_in_transaction(engine, lambda connection: sync_pieces.next_changed(connection, 2001, MAPPING))
    assert [one.name for one in sent] == ["Mary"]


def test_what_a_sync_wrote_meanwhile_is_not_doubted(engine: Engine) -> None:
    """The newer word on a contact stands."""
    load(engine, 2001, ("F", "Mary", 2))
    confirm(engine, 2001, Mary=2)
    [mary] = confirmed(engine)
    load(engine, 2001, ("F", "Mary", 3))
    confirm(engine, 2001, Mary=3)

    doubt(engine, [mary], is_there=True)

    assert [one.fingerprint for one in confirmed(engine)] == ["v1:3"]


def test_doubting_nobody_changes_nothing(engine: Engine) -> None:
    """No statement is made."""
    doubt(engine, [], is_there=True)

    assert confirmed(engine) == []


def test_strangers_are_those_that_neither_table_nor_state_knows(engine: Engine) -> None:
    """A row that was never sent, and a contact whose row has gone, are no strangers."""
    load(engine, 2001, ("F", "Unsent", 1), ("F", "Same", 1))
    confirm(engine, 2001, Same=1, Gone=1)

    keys = [(2001, "F", name) for name in ("Unsent", "Same", "Gone", "Stranger", "same")] + [(2002, "F", "Same")]
    found = without_row(engine, *keys)

    assert found == {(2001, "F", "Stranger"), (2001, "F", "same"), (2002, "F", "Same")}
    assert without_row(engine) == set()


def test_many_keys_are_looked_up_at_once(engine: Engine) -> None:
    """More than fit into a statement."""
    load(engine, 2001, ("F", "Mary", 1))
    keys = [(2001, "F", f"Name{number}") for number in range(2500)]

    assert len(without_row(engine, (2001, "F", "Mary"), *keys)) == 2500
