"""The properties that this project keeps on HubSpot's contacts, and their creation.

``gender`` is text, not an enumeration: many accounts already hold HubSpot's own ``gender``, which is text, and text
takes any value that a dataset may bring without first teaching it to the account.
"""

from http import HTTPStatus
from typing import cast

import structlog

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.hubspot.paths import Paths
from babynames_assets.hubspot.responses import NotFoundError, RefusedError
from babynames_assets.hubspot.transport import Success, Transport
from babynames_assets.hubspot.wire import PropertyDefinition

_log = structlog.get_logger(__name__)

KEY_PROPERTY = "baby_name_key"

SCHEMA: tuple[PropertyDefinition, ...] = (
    {
        "name": KEY_PROPERTY,
        "label": "Baby name key",
        "description": "Year, sex and name, for example 1984-F-Mary. It finds the contact; do not edit it.",
        "type": "string",
        "fieldType": "text",
        "groupName": "contactinformation",
        "hasUniqueValue": True,
    },
    {
        "name": "gender",
        "label": "Gender",
        "description": "F or M, as the dataset says.",
        "type": "string",
        "fieldType": "text",
        "groupName": "contactinformation",
    },
    {
        "name": "birth_year",
        "label": "Birth year",
        "description": "Year of birth.",
        "type": "number",
        "fieldType": "number",
        "groupName": "contactinformation",
    },
    {
        "name": "births",
        "label": "Births",
        "description": "Children of this sex who got this name in this year.",
        "type": "number",
        "fieldType": "number",
        "groupName": "contactinformation",
    },
)


def ensure_properties(transport: Transport, paths: Paths) -> None:
    """Create what is missing of SCHEMA, and verify what is there.

    Raises:
        FatalError: a property exists in a form that cannot hold our values; the message says what to do.
    """
    for wanted in SCHEMA:
        found = _read(transport, paths, wanted["name"])
        if found is None:
            found = _create(transport, paths, wanted)
        _verify(wanted, found)


def _read(transport: Transport, paths: Paths, name: str) -> PropertyDefinition | None:
    try:
        return _described(name, transport.call("GET", f"{paths.properties}/{name}"))
    except NotFoundError:
        return None


def _create(transport: Transport, paths: Paths, wanted: PropertyDefinition) -> PropertyDefinition:
    try:
        created = _described(wanted["name"], transport.call("POST", paths.properties, wanted))
    except RefusedError as error:
        # 409: another process created it between our two calls, or our first try did and its answer was lost.
        found = _read(transport, paths, wanted["name"]) if error.status == HTTPStatus.CONFLICT else None
        if found is None:
            raise FatalError(
                f"HubSpot refuses to create the contact property {wanted['name']}: {error} (correlation id "
                f"{error.correlation_id}). Create it in the account's settings: type {wanted['type']}, field type "
                f"{wanted['fieldType']}{', unique values' if wanted.get('hasUniqueValue') else ''}."
            ) from error
        return found
    _log.info("hubspot_property_created", property=wanted["name"])
    return created


def _described(name: str, reply: Success) -> PropertyDefinition:
    found = cast("PropertyDefinition", reply.body if isinstance(reply.body, dict) else {})
    if "type" not in found:
        # Nothing is known of the property then, least of all that it has to be deleted.
        raise RetryableError(
            f"HubSpot answered with success, but did not describe the contact property {name} (correlation id "
            f"{reply.correlation_id}). Another try may succeed."
        )
    return found


def _verify(wanted: PropertyDefinition, found: PropertyDefinition) -> None:
    name = wanted["name"]
    if found.get("type") != wanted["type"]:
        raise FatalError(
            f"The contact property {name} exists with the type {found.get('type')}, but {wanted['type']} is needed. "
            "HubSpot cannot change it while it has values of another type: rename or delete it in the account's "
            "settings, and the next sync creates it anew."
        )
    if wanted.get("hasUniqueValue") and not found.get("hasUniqueValue"):
        raise FatalError(
            f"The contact property {name} exists, but its values are not unique, so that contacts cannot be found by "
            "it. HubSpot sets this at creation only: delete the property in the account's settings (and again in the "
            "list of archived properties), and the next sync creates it anew."
        )
    if found.get("calculated") or (found.get("modificationMetadata") or {}).get("readOnlyValue"):
        raise FatalError(
            f"The contact property {name} exists, but the API may not write to it: it is calculated or read-only. "
            "Rename or delete it in the account's settings, and the next sync creates it anew."
        )
