"""The fault of a person who merges two contacts while a client writes them."""

from babynames_assets.emulators.hubspot.faults.struck import Kind, Struck
from babynames_assets.emulators.hubspot.records import Contact
from babynames_assets.emulators.hubspot.replies import Reply
from babynames_assets.emulators.hubspot.validation import normalize


def _merge(struck: Struck) -> Reply:
    named = _named(struck)
    if len(named) > 1:
        struck.call.store.merge(survivor=named[-1], gone=named[0])
    return struck.handle(struck.call)


def _named(struck: Struck) -> list[Contact]:
    """The contacts of a batch that exist, in the order of the inputs."""
    store, found = struck.call.store, dict[int, Contact]()
    for item in struck.inputs():
        given, name = str(item.get("id", "")), item.get("idProperty") or struck.call.body.get("idProperty")
        known = store.by_values(str(name), [normalize(str(name), given)]) if name else store.by_ids([given])
        found.update({contact.id: contact for contact in known.values() if contact.archived_at is None})
    return list(found.values())


MERGING = {
    "merge": Kind(
        "before the work is done, the first contact of the batch is merged into the last: its id leads there from then "
        "on, and its unique values are free",
        _merge,
    )
}
