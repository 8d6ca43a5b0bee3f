"""The emulated account's store behaves like a dictionary of contacts with unique keys."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.emulators.hubspot.definitions import BUILT_IN, complete
from babynames_assets.emulators.hubspot.store import FIRST_ID, Store
from babynames_assets_tests.hubspot.emulated import Clock

KEYS = st.sampled_from(["Anna", "Mary", "ANNA", "Zoë", "Zoe", "a'b", "\x00"])
CHANGES = st.lists(st.tuples(st.sampled_from(["put", "archive", "merge"]), st.sampled_from("abcd")), max_size=12)
STEPS = st.lists(st.tuples(st.sampled_from(["put", "put", "archive", "rekey"]), KEYS, st.integers(0, 3)), max_size=40)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, clock: Clock, tmp_path: Path) -> Iterator[Store]:
    """A store in memory, and one with a file, with a unique property ``key``."""
    made = Store(tmp_path / "state.sqlite" if request.param == "file" else None, clock)
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
    assert store.shared_values == 0
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


@settings(deadline=None, max_examples=200)
@given(kept=CHANGES, undone=CHANGES)
def test_what_is_undone_was_never_there(kept: list[tuple[str, str]], undone: list[tuple[str, str]]) -> None:
    """After a write that failed, the store is as before it, and goes on with the same ids."""
    one, other = Store(None, lambda: 1.0), Store(None, lambda: 1.0)
    for store in (one, other):
        store.save_definition(complete({"name": "key", "type": "string", "fieldType": "text", "hasUniqueValue": True}))
        _change(store, kept)

    with suppress(ZeroDivisionError), one.writing():
        _change(one, undone)
        raise ZeroDivisionError

    assert _content(one) == _content(other)
    assert one.insert({"key": "new"}) == other.insert({"key": "new"})
    for store in (one, other):
        store.close()


def _change(store: Store, changes: list[tuple[str, str]]) -> None:
    for number, (what, key) in enumerate(changes):
        known = store.by_values("key", [key]).get(key)
        others = [contact for contact in store.page(after=0, limit=9) if contact != known]
        if known is None:
            store.insert({"key": key, "births": str(number)})
        elif what == "put":
            store.update(known, {"births": str(number)})
        elif what == "archive":
            store.archive([known])
        elif others:
            store.merge(survivor=others[0], gone=known)


def _content(store: Store) -> object:
    living, archived = (store.page(after=0, limit=99, archived=archived) for archived in (False, True))
    survivors = [store.survivor(str(number)) for number in range(FIRST_ID, FIRST_ID + 30)]
    return living, archived, store.by_values("key", "abcd"), survivors, store.count(), list(store.searchable())


@pytest.mark.parametrize("strange", ["", "x", "-1", "1e3", "9" * 30, "1; DROP TABLE contacts"])
def test_an_id_that_is_none_finds_nothing(store: Store, strange: str) -> None:
    """Text that is no id, or too large for one, finds no contact."""
    store.insert({"key": "a"})

    assert store.by_ids([strange]) == {}
    assert store.count() == 1


def test_a_property_that_comes_back_finds_what_still_has_it(store: Store) -> None:
    """A unique property that is made anew knows the values that contacts have, each as the first one's."""
    first = store.insert({"key": "a"})
    definition = store.definitions["key"]
    store.drop_definition("key")
    store.insert({"key": "a"})

    store.save_definition(definition)

    assert store.by_values("key", ["a"]) == {"a": first}


def test_a_value_that_two_contacts_share_is_counted(store: Store) -> None:
    """Nothing in the API lets it happen; if it ever does, the number says so."""
    store.insert({"key": "a"})
    assert store.shared_values == 0

    store.insert({"key": "a"})

    assert store.shared_values == 1


def test_two_changes_of_one_contact_in_one_write_are_both_kept(store: Store) -> None:
    """The second does not go back to what the contact was before the first."""
    contact = store.insert({"key": "a"})

    with store.writing():
        store.update(contact, {"firstname": "Mary"})
        store.update(contact, {"lastname": "Smith"})

    assert store.by_values("key", ["a"])["a"].properties == {"key": "a", "firstname": "Mary", "lastname": "Smith"}


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
