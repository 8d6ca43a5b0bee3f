"""Contacts as the API shows them."""

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from babynames_assets.emulators.hubspot.definitions import CREATED, DEFAULT_NAMES, MODIFIED, OBJECT_ID
from babynames_assets.emulators.hubspot.records import Contact

PORTAL_ID = 62515


@lru_cache(maxsize=4096)
def timestamp(seconds: float) -> str:
    """A moment in HubSpot's form: milliseconds and Z."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def written(contact: Contact, host: str) -> dict[str, Any]:
    """A contact in the answer to a write: every property that it has, not only what was sent."""
    bag = {
        "hs_is_contact": "true",
        "hs_object_source": "INTEGRATION",
        "hs_object_source_label": "INTEGRATION",
        "lifecyclestage": "lead",
        **contact.properties,
        **_system(contact),
    }
    return {**_envelope(contact, host), "properties": bag}


def shown(contact: Contact, names: Sequence[str], host: str) -> dict[str, Any]:
    """A contact in the answer to a read: the properties asked for, null where it has none."""
    system = _system(contact)
    asked = names or DEFAULT_NAMES
    bag = {name: contact.properties.get(name) for name in asked if name not in system}
    return {**_envelope(contact, host), "properties": {**bag, **system}}


def batch(results: list[dict[str, Any]], started: float, finished: float) -> dict[str, Any]:
    """The envelope of a batch's answer."""
    return {
        "status": "COMPLETE",
        "results": results,
        "startedAt": timestamp(started),
        "completedAt": timestamp(finished),
    }


def _system(contact: Contact) -> dict[str, str]:
    return {
        CREATED: timestamp(contact.created_at),
        MODIFIED: timestamp(contact.updated_at),
        OBJECT_ID: str(contact.id),
    }


def _envelope(contact: Contact, host: str) -> dict[str, Any]:
    envelope: dict[str, Any] = {
        "id": str(contact.id),
        "createdAt": timestamp(contact.created_at),
        "updatedAt": timestamp(contact.updated_at),
        "archived": contact.archived_at is not None,
        "url": f"http://{host}/contacts/{PORTAL_ID}/record/0-1/{contact.id}",
    }
    if contact.archived_at is not None:
        envelope["archivedAt"] = timestamp(contact.archived_at)
    return envelope
