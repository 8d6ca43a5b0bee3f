"""The batch calls of contacts: create, read, update, upsert, archive."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from babynames_assets.emulators.hubspot import rendering
from babynames_assets.emulators.hubspot.calls import Call
from babynames_assets.emulators.hubspot.records import Contact
from babynames_assets.emulators.hubspot.replies import Reply, invalid, not_found, unreadable
from babynames_assets.emulators.hubspot.shapes import text_of, texts_of
from babynames_assets.emulators.hubspot.store import Store
from babynames_assets.emulators.hubspot.validation import normalize
from babynames_assets.emulators.hubspot.writes import perform, write_from


def create(call: Call) -> Reply:
    """POST batch/create: 201, or 207 if some are refused."""
    return perform(call, [write_from(item, None, "") for item in _counted(call)], success=201, is_upsert=False)


def upsert(call: Call) -> Reply:
    """POST batch/upsert: 200, or 207 if some are refused; each input is found by its own unique property."""
    inputs = _counted(call)
    ids = [_id_of(item) for item in inputs]
    _refuse_duplicates(ids)
    names = [text_of(item, "idProperty") or "hs_object_id" for item in inputs]
    known = {name: _by_property(call.store, name, _of(name, names, ids)) for name in dict.fromkeys(names)}
    writes = []
    for item, name, given in zip(inputs, names, ids, strict=True):
        value = normalize(name, given)
        writes.append(write_from(item, known[name].get(value), value, {name: value}))
    return perform(call, writes, success=200, is_upsert=True)


def update(call: Call) -> Reply:
    """POST batch/update: 200, or 207 if some are refused. HubSpot passes over ids that were merged away in silence."""
    inputs = _counted(call)
    ids = [_id_of(item) for item in inputs]
    _refuse_duplicates(ids)
    names = [text_of(item, "idProperty") for item in inputs]
    known = {name: _find(call.store, name, _of(name, names, ids)) for name in dict.fromkeys(names)}
    writes = []
    for item, name, given in zip(inputs, names, ids, strict=True):
        target = known[name].get(normalize(name, given))
        if target:
            writes.append(write_from(item, target, given))
        elif name or not call.store.survivor(given):
            writes.append(replace(write_from(item, None, given), error=not_found()))
    return perform(call, writes, success=200, is_upsert=False)


def read(call: Call) -> Reply:
    """POST batch/read: 200, or 207 if some are unknown. ``idProperty`` stands once, beside the inputs."""
    ids = [_id_of(item) for item in _counted(call)]
    name = text_of(call.body, "idProperty")
    asked = texts_of(call.body, "properties")
    found = _find(call.store, name, [normalize(name, one) for one in ids])
    if not name:
        found.update({one: survivor for one in ids if (survivor := call.store.survivor(one))})
    missing = [one for one in ids if normalize(name, one) not in found]
    contacts = {contact.id: contact for contact in found.values()}.values()
    answer = rendering.batch([rendering.shown(one, asked, call.host) for one in contacts], call.now, call.now)
    if not missing:
        return Reply(200, answer)
    error = {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": "Could not get some CONTACT objects, they may be deleted or not exist. Check that ids are valid.",
        "context": {"ids": missing},
    }
    return Reply(207, {**answer, "errors": [error], "numErrors": 1})


def archive(call: Call) -> Reply:
    """POST batch/archive: 204, for unknown contacts too."""
    contacts = call.store.by_ids(_id_of(item) for item in _counted(call))
    call.counts.archived(len(call.store.archive(contacts.values())))
    return Reply(204)


def _counted(call: Call) -> list[dict[str, Any]]:
    inputs = call.inputs()
    call.counts.batch(call.endpoint, len(inputs))
    return inputs


def _find(store: Store, name: str, values: list[str]) -> dict[str, Contact]:
    """Contacts by id, or by a unique property; archived ones are hidden."""
    if not name or name == "hs_object_id":
        found = store.by_ids(values)
        return {one: contact for one, contact in found.items() if contact.archived_at is None}
    return _by_property(store, name, values)


def _by_property(store: Store, name: str, values: list[str]) -> dict[str, Contact]:
    if not store.is_unique(name):
        raise invalid(f"Unable to perform update/upsert by non-unique 0-1 property {name}")
    return store.by_values(name, values)


def _of(name: str, names: list[str], ids: list[str]) -> list[str]:
    return [normalize(name, given) for own, given in zip(names, ids, strict=True) if own == name]


def _id_of(item: dict[str, Any]) -> str:
    given = item.get("id")
    if not isinstance(given, str | int) or given == "":
        raise unreadable("Some required fields were not set: [id]")
    return str(given)


def _refuse_duplicates(ids: Iterable[str]) -> None:
    twice = [one for one, times in Counter(ids).items() if times > 1]
    if twice:
        raise invalid(
            f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique", context={"ids": twice}
        )
