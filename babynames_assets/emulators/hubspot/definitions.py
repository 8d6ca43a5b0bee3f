"""The contact properties of a new account, as far as a sync meets them."""

from typing import Any

CREATED, MODIFIED, OBJECT_ID = "createdate", "lastmodifieddate", "hs_object_id"
DEFAULT_NAMES = ("firstname", "lastname", "email")
STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")


def complete(given: dict[str, Any], *, built_in: bool = False, read_only: bool = False) -> dict[str, Any]:
    """A definition with every field that HubSpot shows."""
    return {
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": "2026-01-01T00:00:00.000Z",
        "description": "",
        "displayOrder": -1,
        "formField": True,
        "groupName": "contactinformation",
        "hasUniqueValue": False,
        "hidden": False,
        "options": [],
        **given,
        "archived": False,
        "calculated": False,
        "externalOptions": False,
        "hubspotDefined": built_in,
        "modificationMetadata": {
            "archivable": not built_in,
            "readOnlyDefinition": built_in,
            "readOnlyValue": read_only,
        },
    }


def _built_in(name: str, type_: str, field_type: str, *, read_only: bool = False, **more: Any) -> dict[str, Any]:
    given = {"name": name, "label": name.capitalize(), "type": type_, "fieldType": field_type, **more}
    return complete(given, built_in=True, read_only=read_only)


BUILT_IN: dict[str, dict[str, Any]] = {
    definition["name"]: definition
    for definition in (
        _built_in("email", "string", "text", hasUniqueValue=True),
        _built_in("firstname", "string", "text"),
        _built_in("lastname", "string", "text"),
        _built_in("phone", "string", "phonenumber"),
        _built_in("company", "string", "text"),
        _built_in(
            "lifecyclestage",
            "enumeration",
            "radio",
            options=[
                {"label": stage.capitalize(), "value": stage, "displayOrder": place, "hidden": False}
                for place, stage in enumerate(STAGES)
            ],
        ),
        _built_in(CREATED, "datetime", "date", read_only=True),
        _built_in(MODIFIED, "datetime", "date", read_only=True),
        _built_in(OBJECT_ID, "number", "number", read_only=True),
    )
}
