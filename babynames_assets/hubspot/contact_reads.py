"""Contacts read back: by key, by id, and by search.

What HubSpot neither shows nor names as missing is asked for once more: a silence is never taken for an absence.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from babynames_assets.errors import RetryableError
from babynames_assets.hubspot.properties import KEY_PROPERTY
from babynames_assets.hubspot.wire import ReadAnswer, ReadResult, SearchAnswer, SearchFilter

_log = structlog.get_logger(__name__)

PAGE = 200
"""The most contacts that a search shows at once."""

NOT_FOUND = "OBJECT_NOT_FOUND"
"""Category of an input of a batch read that HubSpot does not have."""

_ID_PROPERTY = "hs_object_id"
_TRIES = 2


@dataclass(frozen=True, slots=True)
class ReadContact:
    """A contact as HubSpot shows it.

    Attributes:
        hubspot_id: its id.
        properties: those that were asked for; None where it has none.
    """

    hubspot_id: str
    properties: Mapping[str, str | None]

    @property
    def key(self) -> str | None:
        """The value of the unique property."""
        return self.properties.get(KEY_PROPERTY)


@dataclass(frozen=True)
class ReadOutcome:
    """What HubSpot said of each key: every one is in exactly one of the two."""

    found: Mapping[str, ReadContact]
    missing: frozenset[str]


@dataclass(frozen=True)
class SearchPage:
    """Contacts that a search found, in the order of their ids.

    Attributes:
        total: how many match, those of this page included.
        contacts: the first of them.
    """

    total: int
    contacts: Sequence[ReadContact]


def read_by_key(call: Callable[[dict[str, Any]], ReadAnswer], keys: Sequence[str], names: Iterable[str]) -> ReadOutcome:
    """Read contacts by their keys.

    Args:
        call: makes a batch read with a body.
        keys: at most as many as HubSpot takes.
        names: properties to show, beside the key.

    Raises:
        RetryableError: HubSpot said nothing of some keys, twice.
    """
    found: dict[str, ReadContact] = {}
    missing: set[str] = set()
    asked = list(dict.fromkeys(keys))
    for _ in range(_TRIES):
        body = {"idProperty": KEY_PROPERTY, "properties": _with_key(names), "inputs": [{"id": key} for key in asked]}
        answer = call(body)
        shown = [_contact(result) for result in answer.get("results") or []]
        found.update({contact.key: contact for contact in shown if contact.key in asked})
        missing.update(key for key in _named_missing(answer) if key in asked and key not in found)
        asked = [key for key in asked if key not in found and key not in missing]
        if not asked:
            return ReadOutcome(found, frozenset(missing))
        _log.warning("keys_unanswered", keys=len(asked), of=len(keys))
    raise RetryableError(
        f"HubSpot answered twice without a word on {len(asked)} of {len(keys)} contacts, {asked[0]} the first: neither "
        "did it show them, nor say that they are missing. Another try may succeed."
    )


def read_page(
    call: Callable[[dict[str, Any]], SearchAnswer],
    groups: Sequence[Sequence[SearchFilter]],
    names: Iterable[str],
    *,
    after: str = "",
    limit: int = PAGE,
) -> SearchPage:
    """Search contacts; the next page is what matches with greater ids.

    Pages by id, because HubSpot shows only the first 10,000 results of one search.

    Args:
        call: makes a search with a body.
        groups: alternatives, each of filters that all have to match.
        names: properties to show, beside the key.
        after: the id of the last contact of the page before.
        limit: the most contacts of this page, 1 to 200.

    Raises:
        RetryableError: HubSpot showed fewer than it counted, twice.
    """
    behind: list[SearchFilter] = [{"propertyName": _ID_PROPERTY, "operator": "GT", "value": after}] if after else []
    body = {
        "filterGroups": [{"filters": [*filters, *behind]} for filters in groups],
        "sorts": [{"propertyName": _ID_PROPERTY, "direction": "ASCENDING"}],
        "properties": _with_key(names),
        "limit": limit,
    }
    for _ in range(_TRIES):
        answer = call(body)
        contacts = [_contact(result) for result in answer.get("results") or []]
        total = answer.get("total")
        if total is not None and len(contacts) >= min(limit, total):
            return SearchPage(total, contacts)
        _log.warning("search_incomplete", contacts=len(contacts), total=total)
    raise RetryableError(
        f"HubSpot answered a search twice, and not whole: it counted {total} contacts and showed {len(contacts)}. "
        "Another try may succeed."
    )


def shown_contact(answer: ReadResult) -> ReadContact:
    """The contact that an answer shows.

    Raises:
        RetryableError: it shows none.
    """
    contact = _contact(answer)
    if not contact.hubspot_id:
        raise RetryableError("HubSpot answered with success and showed no contact. Another try may succeed.")
    return contact


def _with_key(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys([KEY_PROPERTY, *names]))


def _contact(result: ReadResult) -> ReadContact:
    return ReadContact(str(result.get("id", "")), result.get("properties") or {})


def _named_missing(answer: ReadAnswer) -> Iterable[str]:
    for error in answer.get("errors") or []:
        if error.get("category") == NOT_FOUND:
            yield from (error.get("context") or {}).get("ids", [])
        else:
            _log.warning("batch_read_error", category=error.get("category"), message=error.get("message"))
