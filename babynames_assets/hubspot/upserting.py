"""A batch upsert until each of its contacts has an outcome.

HubSpot may refuse a batch whole for one contact in it, name an error without saying whose it is, or leave a contact out
of a success. Smaller batches find out what it will not say; silence is never taken for success.
"""

import uuid
from collections.abc import Callable, Sequence
from typing import cast

import structlog

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.hubspot.contact_writes import NO_ANSWER, Accepted, BatchOutcome, ContactWrite, Refusal
from babynames_assets.hubspot.matching import match
from babynames_assets.hubspot.properties import KEY_PROPERTY
from babynames_assets.hubspot.reasons import reason_of
from babynames_assets.hubspot.responses import RefusedError
from babynames_assets.hubspot.transport import Success
from babynames_assets.hubspot.wire import BatchAnswer, ErrorBody, UpsertInput

_log = structlog.get_logger(__name__)

ALIKE = 10
"""So many contacts, all of a batch, refused in the same words are no contacts' fault but a cause of their own."""

Call = Callable[[list[UpsertInput]], Success]
"""Makes one upsert call; raises RefusedError when HubSpot refuses it whole."""


def upsert_batch(call: Call, contacts: Sequence[ContactWrite], *, were_refused: bool = False) -> BatchOutcome:
    """Create or update contacts.

    A batch that HubSpot refuses whole is halved until the culprits stand alone. Contacts that it passes over in silence
    are sent once more; if it is silent again they are refused, or the batch fails if it was silent on all.

    Args:
        call: makes one call.
        contacts: at most as many as HubSpot takes, each key once.
        were_refused: each of them was refused before. That all are refused alike, or in silence, is then no news.
    """
    outcome = _by_halves(call, contacts)
    if silent := _unanswered(contacts, outcome):
        _log.warning("contacts_unanswered", contacts=len(silent), of=len(contacts))
        outcome.add(_by_halves(call, silent))
        if not were_refused:
            _stop_if_silent_on_all(contacts, outcome)
        _refuse_silent(contacts, outcome)
    if not were_refused:
        _stop_if_all_are_refused_alike(outcome)
    return outcome


def _by_halves(call: Call, contacts: Sequence[ContactWrite]) -> BatchOutcome:
    if not contacts:
        return BatchOutcome()
    outcome, of_somebody = _once(call, contacts)
    rest = _unanswered(contacts, outcome)
    if of_somebody is None or not rest:
        return outcome
    if len(contacts) == 1:
        outcome.refused[contacts[0].key] = of_somebody
        return outcome
    _log.warning("batch_halved", contacts=len(rest), reason=of_somebody.message)
    middle = (len(rest) + 1) // 2
    outcome.add(_by_halves(call, rest[:middle]))
    outcome.add(_by_halves(call, rest[middle:]))
    return outcome


def _once(call: Call, contacts: Sequence[ContactWrite]) -> tuple[BatchOutcome, Refusal | None]:
    """What one call says of each contact, and a refusal of it that does not say of which."""
    batch = uuid.uuid4().hex
    inputs = [_as_input(contact, f"{batch}-{number}") for number, contact in enumerate(contacts)]
    try:
        reply = call(inputs)
    except RefusedError as error:
        return BatchOutcome(), Refusal(error.category, str(error), error.correlation_id)
    answer = cast("BatchAnswer", reply.body if isinstance(reply.body, dict) else {})
    matched = match(answer, {item["objectWriteTraceId"]: item["id"] for item in inputs})
    outcome = BatchOutcome(
        accepted={key: Accepted(result["id"], result.get("new", False)) for key, result in matched.results.items()},
        refused={key: _refusal(error, reply) for key, error in matched.errors.items()},
    )
    return outcome, next((_refusal(error, reply) for error in matched.errors_of_nobody), None)


def _as_input(contact: ContactWrite, trace_id: str) -> UpsertInput:
    return {
        "id": contact.key,
        "idProperty": KEY_PROPERTY,
        "objectWriteTraceId": trace_id,
        "properties": {KEY_PROPERTY: contact.key, **contact.properties},
    }


def _refusal(error: ErrorBody, reply: Success) -> Refusal:
    return Refusal(error.get("category", "UNKNOWN"), reason_of(error), reply.correlation_id)


def _unanswered(contacts: Sequence[ContactWrite], outcome: BatchOutcome) -> list[ContactWrite]:
    return [one for one in contacts if one.key not in outcome.accepted and one.key not in outcome.refused]


def _stop_if_silent_on_all(contacts: Sequence[ContactWrite], outcome: BatchOutcome) -> None:
    if len(_unanswered(contacts, outcome)) == len(contacts) > 1:
        raise RetryableError(
            f"HubSpot answered twice with success and named none of {len(contacts)} contacts in it. Nothing is "
            "recorded as sent; the next sync repeats the batch."
        )


def _refuse_silent(contacts: Sequence[ContactWrite], outcome: BatchOutcome) -> None:
    for contact in _unanswered(contacts, outcome):
        message = "HubSpot answered twice with success, but neither as written nor as refused did it name this contact."
        outcome.refused[contact.key] = Refusal(NO_ANSWER, message, "")


def _stop_if_all_are_refused_alike(outcome: BatchOutcome) -> None:
    # A deleted property or a full account refuses every contact in the same words. Two million dead letters of one
    # cause help nobody: the cause has to go first.
    reasons = {refusal.message for refusal in outcome.refused.values()}
    if outcome.accepted or len(reasons) != 1 or len(outcome.refused) < ALIKE:
        return
    refusal = next(iter(outcome.refused.values()))
    raise FatalError(
        f"HubSpot refuses all {len(outcome.refused)} contacts of a batch for the same reason: {refusal.message} "
        f"({refusal.category}; correlation id {refusal.correlation_id or 'unknown'}). Mend the cause in the account, "
        "then run the sync again; nothing of this batch is recorded."
    )
