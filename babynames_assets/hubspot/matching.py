"""Which answer belongs to which input of a batch.

Results come in any order, an input can be missing from a 200 without a word, and an error can name several inputs. So
each input carries a trace id that HubSpot sends back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from babynames_assets.hubspot.properties import KEY_PROPERTY
from babynames_assets.hubspot.wire import BatchAnswer, ErrorBody, UpsertResult

_log = structlog.get_logger(__name__)

OTHER_CONTACT = "OTHER_CONTACT"
"""Category of a contact for which HubSpot answered with one of another key."""


@dataclass(frozen=True)
class Matched:
    """The answers by contact key; a key in neither got no answer.

    Attributes:
        results: what was written.
        errors: what was refused.
        errors_of_nobody: refusals that do not say of which contact.
    """

    results: dict[str, UpsertResult] = field(default_factory=dict)
    errors: dict[str, ErrorBody] = field(default_factory=dict)
    errors_of_nobody: list[ErrorBody] = field(default_factory=list)


def match(answer: BatchAnswer, key_by_trace: Mapping[str, str]) -> Matched:
    """Give each input its result or its error; one that has both is refused, for nothing doubtful counts as sent.

    Args:
        answer: the body of a 2xx.
        key_by_trace: the contact key of each trace id that was sent.
    """
    keys = set(key_by_trace.values())
    matched = Matched()
    for error in answer.get("errors") or []:
        context = error.get("context") or {}
        named = [key_by_trace.get(trace) for trace in context.get("objectWriteTraceId", [])]
        known = [key for key in [*named, *context.get("ids", [])] if key in keys]
        if not known:
            _log.warning("batch_error_unmatched", message=error.get("message"), context=context)
            matched.errors_of_nobody.append(error)
        matched.errors.update(dict.fromkeys(known, error))
    for key, result in _by_key(answer.get("results") or [], key_by_trace, keys):
        if foreign := _of_another_contact(key, result):
            matched.errors.setdefault(key, foreign)
        elif key not in matched.errors:
            matched.results[key] = result
    return matched


def _by_key(
    results: Iterable[UpsertResult], key_by_trace: Mapping[str, str], keys: set[str]
) -> Iterable[tuple[str, UpsertResult]]:
    for result in results:
        key = key_by_trace.get(result.get("objectWriteTraceId", ""))
        if key is None:
            # A result without its trace id still says by its unique property whose it is.
            key = (result.get("properties") or {}).get(KEY_PROPERTY)
        if key in keys and result.get("id"):
            yield key, result
        else:
            _log.warning("batch_result_unmatched", hubspot_id=result.get("id"))


def _of_another_contact(key: str, result: UpsertResult) -> ErrorBody | None:
    """The refusal of a result whose contact has another key: one contact cannot stand for two rows."""
    other = (result.get("properties") or {}).get(KEY_PROPERTY)
    if other is None or other == key:
        return None
    return ErrorBody(
        category=OTHER_CONTACT,
        message=f"HubSpot answered for this contact with contact {result['id']}, whose {KEY_PROPERTY} is {other}.",
    )
