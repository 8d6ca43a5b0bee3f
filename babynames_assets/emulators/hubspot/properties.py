"""Property definitions: list, create, read, change, archive."""

import re
from typing import Any

from babynames_assets.emulators.hubspot.calls import Call
from babynames_assets.emulators.hubspot.definitions import complete
from babynames_assets.emulators.hubspot.rendering import timestamp
from babynames_assets.emulators.hubspot.replies import ApiError, Reply, invalid, not_found
from babynames_assets.emulators.hubspot.shapes import objects_of, text_of

REQUIRED = ("name", "label", "type", "fieldType", "groupName")
TYPES = ("bool", "date", "datetime", "enumeration", "number", "phone_number", "string")
FIELD_TYPES = (
    "booleancheckbox", "calculation_equation", "checkbox", "date", "file", "html", "number", "phonenumber", "radio",
    "select", "text", "textarea",
)  # fmt: skip
CHANGEABLE = (
    "label",
    "description",
    "type",
    "fieldType",
    "groupName",
    "options",
    "hidden",
    "displayOrder",
    "formField",
)

_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


def list_all(call: Call) -> Reply:
    """GET properties."""
    return Reply(200, {"results": list(call.store.definitions.values())})


def create(call: Call) -> Reply:
    """POST properties: 201, or 409 if the name is taken."""
    given = call.body
    missing = [name for name in REQUIRED if not text_of(given, name)]
    if missing:
        raise invalid(f"Some required fields were not set: [{', '.join(missing)}]")
    _check(given)
    if given["name"] in call.store.definitions:
        raise ApiError(409, f'A property named "{given["name"]}" already exists.', "OBJECT_ALREADY_EXISTS")
    definition = complete({**given, "createdAt": timestamp(call.now), "updatedAt": timestamp(call.now)})
    call.store.save_definition(definition)
    return Reply(201, definition)


def get(call: Call) -> Reply:
    """GET properties/{name}."""
    return Reply(200, _wanted(call))


def change(call: Call) -> Reply:
    """PATCH properties/{name}; whether values are unique is fixed at creation."""
    before = _wanted(call)
    if before["modificationMetadata"]["readOnlyDefinition"]:
        raise invalid(f"The definition of {before['name']} is read only")
    changes = {name: value for name, value in call.body.items() if name in CHANGEABLE}
    after = {**before, **changes, "updatedAt": timestamp(call.now)}
    _check(after)
    call.store.save_definition(after)
    return Reply(200, after)


def archive(call: Call) -> Reply:
    """DELETE properties/{name}: 204."""
    definition = _wanted(call)
    if not definition["modificationMetadata"]["archivable"]:
        raise invalid(f"{definition['name']} cannot be archived")
    call.store.drop_definition(definition["name"])
    return Reply(204)


def _wanted(call: Call) -> dict[str, Any]:
    definition = call.store.definitions.get(call.params["name"])
    if definition is None:
        raise not_found()
    return definition


def _check(given: dict[str, Any]) -> None:
    for option in objects_of(given, "options"):
        if not text_of(option, "value"):
            raise invalid("An option needs a value")
    if not _NAME.fullmatch(given["name"]):
        raise invalid(f"{given['name']} is not a property name: lower-case letters, digits and _, a letter first")
    for field, allowed in (("type", TYPES), ("fieldType", FIELD_TYPES)):
        if given[field] not in allowed:
            raise invalid(f"{given[field]} is not a {field}: [{', '.join(allowed)}]")
