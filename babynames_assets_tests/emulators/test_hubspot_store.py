"""The emulated account's store behaves like a dictionary of contacts with unique keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.emulators.hubspot.definitions import BUILT_IN, complete
from babynames_assets.emulators.hubspot.store import FIRST_ID, Store
from babynames_assets_tests.hubspot.emulated import Clock

KEYS = st.sampled_from(["Anna", "Mary", "ANNA", "Zoë", "Zoe", "a'b", "\x00"])
STEPS = st.lists(st.tuples(st.sampled_from(["put", "put", "archive", "rekey"]), KEYS, st.integers(0, 3)), max_size=40)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Iterator[Store]:
    """A store in memory, with a unique property ``key``."""
    made = Store(None, clock)
    made.save_definition(complete({"name": "key", "type": "string", "fieldType": "text", "hasUniqueValue": True}))
    yield made
    made.close()


@settings(deadline=None)
@given(steps=STEPS)
def test_a_store_is_a_dictionary(steps: list[tuple[str, str, int]]) -> None:
    """After any writes and archivings, each key finds its contact, archived ones are hidden, and no id came twice."""
    store = Store(None)
    store.save_definition(complete({"name": "key", "type": "string", "fieldType": "text", "hasUniqueValue": True}))
    model: dict[str, str] = {}
    ids: set[int] = set()

    for step, key, births in steps:
        known = store.by_values("key", [key]).get(key)
        assert (known is not None) == (key in model)
        if step == "put" and known is None:
            ids_before = len(ids)
            ids.add(store.insert({"key": key, "births": str(births)}).id)
            assert len(ids) == ids_before + 1
            model[key] = str(births)
        elif step == "put" and known:
            store.update(known, {"births": str(births)})
            model[key] = str(births)
        elif step == "archive" and known:
            store.archive([known])
            del model[key]
        elif known and f"{key}!" not in model:
            store.update(known, {"key": f"{key}!"})
            model[f"{key}!"] = model.pop(key)

    living = {contact.properties["key"]: contact.properties["births"] for contact in store.page(after=0, limit=1000)}
    assert living == model
    assert store.count() == len(model)
    assert store.by_values("key", list(model)).keys() == model.keys()
    assert len(store.page(after=0, limit=1000, archived=True)) == len(ids) - len(model)
    store.close()


def test_ids_begin_as_hubspot_s_do_and_grow(store: Store) -> None:
    """Each contact's id is one more than the last, also after the last was archived."""
    first = store.insert({"key": "a"})
    second = store.insert({"key": "b"})
    store.archive([second])

    assert (first.id, second.id) == (FIRST_ID, FIRST_ID + 1)
    assert store.insert({"key": "b"}).id == FIRST_ID + 2


def test_an_archived_contact_keeps_the_time_of_its_first_archiving(store: Store, clock: Clock) -> None:
    """Archiving again changes nothing."""
    contact = store.insert({"key": "a"})
    store.archive([contact])
    archived_at = clock.now
    clock.now += 60

    store.archive([contact])

    assert store.by_ids([str(contact.id)])[str(contact.id)].archived_at == archived_at


def test_writing_is_all_or_nothing(store: Store) -> None:
    """An error inside a write undoes what was written before it."""

    def write_half() -> None:
        with store.writing():
            store.insert({"key": "a"})
            raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        write_half()

    assert store.count() == 0
    assert store.by_values("key", ["a"]) == {}


@pytest.mark.parametrize("strange", ["", "x", "-1", "1e3", "9" * 30, "1; DROP TABLE contacts"])
def test_an_id_that_is_none_finds_nothing(store: Store, strange: str) -> None:
    """Text that is no id, or too large for one, finds no contact."""
    store.insert({"key": "a"})

    assert store.by_ids([strange]) == {}
    assert store.count() == 1


def test_a_property_that_goes_frees_its_values(store: Store) -> None:
    """When a unique property is archived, its values no longer find contacts."""
    store.insert({"key": "a"})

    store.drop_definition("key")

    assert not store.is_unique("key")
    assert store.by_values("key", ["a"]) == {}


def test_clearing_leaves_a_new_account(store: Store) -> None:
    """After clearing there are no contacts and only the built-in properties."""
    store.insert({"key": "a"})

    store.clear()

    assert store.count() == 0
    assert store.definitions == BUILT_IN


def test_a_file_holds_definitions_and_contacts(tmp_path: Path) -> None:
    """Opened again, a file gives back the contacts, the properties and the unique values."""
    before = Store(tmp_path / "state.sqlite")
    before.save_definition(complete({"name": "key", "type": "string", "fieldType": "text", "hasUniqueValue": True}))
    contact = before.insert({"key": "Zoë"})
    before.close()

    after = Store(tmp_path / "state.sqlite")

    assert after.by_values("key", ["Zoë"]) == {"Zoë": contact}
    after.close()
