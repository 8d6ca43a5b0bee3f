"""Single contacts, and the list of all."""

from typing import Any

from babynames_assets.emulators.hubspot import rendering
from babynames_assets.emulators.hubspot.calls import Call
from babynames_assets.emulators.hubspot.records import Contact
from babynames_assets.emulators.hubspot.replies import Reply, not_found
from babynames_assets.emulators.hubspot.shapes import text_of
from babynames_assets.emulators.hubspot.validation import normalize
from babynames_assets.emulators.hubspot.writes import store_one, write_from

LAST_ID = 10**18


def list_all(call: Call) -> Reply:
    """GET contacts: a page, in the order of their ids."""
    limit = call.number("limit", default=10, most=100)
    after = call.number("after", default=0, most=LAST_ID)
    archived = call.query.get("archived") == "true"
    found = call.store.page(after=after, limit=limit + 1, archived=archived)
    answer: dict[str, Any] = {"results": [rendering.shown(one, _names(call), call.host) for one in found[:limit]]}
    if len(found) > limit:
        answer["paging"] = {"next": {"after": str(found[limit - 1].id), "link": f"?after={found[limit - 1].id}"}}
    return Reply(200, answer)


def create(call: Call) -> Reply:
    """POST contacts: 201 with the address of the new one."""
    contact = store_one(call, write_from(call.body, None, ""))
    answer = rendering.written(contact, call.host)
    return Reply(201, answer, {"Location": answer["url"]})


def get(call: Call) -> Reply:
    """GET contacts/{id}."""
    return Reply(200, rendering.shown(_wanted(call), _names(call), call.host))


def change(call: Call) -> Reply:
    """PATCH contacts/{id}."""
    target = _wanted(call)
    contact = store_one(call, write_from(call.body, target, str(target.id)))
    return Reply(200, rendering.written(contact, call.host))


def archive(call: Call) -> Reply:
    """DELETE contacts/{id}: 204, for an unknown one too."""
    call.counts.archived(len(call.store.archive(call.store.by_ids([call.params["id"]]).values())))
    return Reply(204)


def merge(call: Call) -> Reply:
    """POST merge: 200 with the contact that is left. The id of the other leads to it from then on."""
    ids = [text_of(call.body, name) for name in ("primaryObjectId", "objectIdToMerge")]
    found = [contact for contact in call.store.by_ids(ids).values() if contact.archived_at is None]
    if len(found) < len(ids):
        raise not_found()
    return Reply(200, rendering.written(call.store.merge(survivor=found[0], gone=found[1]), call.host))


def _wanted(call: Call) -> Contact:
    given, name = call.params["id"], call.query.get("idProperty")
    found = call.store.by_values(name, [normalize(name, given)]) if name else call.store.by_ids([given])
    contact = next(iter(found.values()), None) or (None if name else call.store.survivor(given))
    if contact is None or (contact.archived_at is None) == (call.query.get("archived") == "true"):
        raise not_found()
    return contact


def _names(call: Call) -> list[str]:
    return [name for name in call.query.get("properties", "").split(",") if name]
