"""Writing a batch: all good inputs, or none if one that is bad cannot be told by its trace id."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from babynames_assets.emulators.hubspot import rendering, validation
from babynames_assets.emulators.hubspot.calls import Call
from babynames_assets.emulators.hubspot.records import Contact
from babynames_assets.emulators.hubspot.replies import ApiError, Reply, conflict, invalid
from babynames_assets.emulators.hubspot.shapes import properties_of, text_of


@dataclass(frozen=True)
class Write:
    """One input of a batch.

    Attributes:
        changes: property values as they will be kept.
        target: the contact to change, or None to create one.
        identity: the id by which the input finds its contact; empty for one that is created without.
        trace_id: the input's objectWriteTraceId.
        error: why it will not be written.
    """

    changes: dict[str, str]
    target: Contact | None
    identity: str
    trace_id: str | None
    error: ApiError | None = None


def write_from(
    item: dict[str, Any], target: Contact | None, identity: str, extra: dict[str, str] | None = None
) -> Write:
    """An input as a write; ``extra`` are values that stand elsewhere in it."""
    given = {**(extra or {}), **properties_of(item)}
    changes = {name: validation.normalize(name, value) for name, value in given.items()}
    return Write(changes, target, identity, text_of(item, "objectWriteTraceId") or None)


def perform(call: Call, writes: Sequence[Write], *, success: int, is_upsert: bool) -> Reply:
    """Check and write a batch.

    Args:
        call: the request.
        writes: its inputs.
        success: the status if every input is good.
        is_upsert: show in each result whether the contact is new; a conflict refuses the whole batch.
    """
    checked = _claim_values(call, [_checked(call, write) for write in writes])
    failed = [write for write in checked if write.error]
    for write in failed:
        call.counts.refused()
        if write.error and (write.trace_id is None or (is_upsert and write.error.status == 409)):
            raise write.error
    results = [_result(call, write, is_upsert=is_upsert) for write in checked if not write.error]
    # Backwards, because HubSpot does not keep the order of the inputs and nobody may rely on it.
    answer = rendering.batch(results[::-1], call.now, call.now)
    if not failed:
        return Reply(success, answer)
    return Reply(207, {**answer, "errors": _errors(failed), "numErrors": len(failed)})


def store_one(call: Call, write: Write) -> Contact:
    """Check and write a single contact."""
    [checked] = _claim_values(call, [_checked(call, write)])
    if checked.error:
        call.counts.refused()
        raise checked.error
    return _stored(call, checked)


def _checked(call: Call, write: Write) -> Write:
    if write.error:
        return write
    if ruled := call.rules.refusal(write.identity, write.changes):
        kind, error = ruled
        call.counts.refused_by_rule(kind)
        return replace(write, error=error)
    if found := validation.problems(write.changes, call.store.definitions):
        return replace(write, error=invalid(validation.message_of(found)))
    if write.target is None and not any(write.changes.get(name) for name in ("email", "firstname", "lastname")):
        message = "A contact needs at least one of email, firstname, lastname"
        details = [{"isValid": False, "message": message, "error": "REQUIRED_PROPERTY", "name": "firstname"}]
        return replace(write, error=invalid(validation.message_of(details)))
    return write


def _claim_values(call: Call, writes: list[Write]) -> list[Write]:
    """Refuse each write that would give a second contact a value that must be unique."""
    store = call.store
    names = [name for name in {name for write in writes for name in write.changes} if store.is_unique(name)]
    owners: dict[tuple[str, str], int] = {}
    for name in names:
        values = list({write.changes[name] for write in writes if write.changes.get(name)})
        owners.update({(name, value): contact.id for value, contact in store.by_values(name, values).items()})
    claimed = []
    for place, write in enumerate(writes):
        myself = write.target.id if write.target else -1 - place
        mine = [(name, write.changes[name]) for name in names if not write.error and write.changes.get(name)]
        owner = next((owners[value] for value in mine if owners.get(value, myself) != myself), None)
        if owner is not None:
            call.counts.claimed_twice()
            claimed.append(replace(write, error=conflict(owner if owner > 0 else None)))
        else:
            owners.update(dict.fromkeys(mine, myself))
            claimed.append(write)
    return claimed


def _result(call: Call, write: Write, *, is_upsert: bool) -> dict[str, Any]:
    result = rendering.written(_stored(call, write), call.host)
    if write.trace_id is not None:
        result["objectWriteTraceId"] = write.trace_id
    if is_upsert:
        result["new"] = write.target is None
    return result


def _stored(call: Call, write: Write) -> Contact:
    if write.target is None:
        contact = call.store.insert(write.changes)
        call.counts.wrote(contact.id, "created")
        return contact
    contact = call.store.update(write.target, write.changes)
    call.counts.wrote(contact.id, "redundant" if contact is write.target else "updated")
    return contact


def _errors(failed: Sequence[Write]) -> list[dict[str, Any]]:
    return [
        {
            "status": "error",
            "category": write.error.category,
            "message": write.error.message,
            "context": {"objectWriteTraceId": [write.trace_id]},
        }
        for write in failed
        if write.error
    ]
