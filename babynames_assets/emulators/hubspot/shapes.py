"""Reads fields of a body that must be of one shape; another is refused as HubSpot's JSON parser does."""

from collections.abc import Mapping
from typing import Any

from babynames_assets.emulators.hubspot.replies import unreadable


def text_of(item: Mapping[str, Any], name: str) -> str:
    """A text; empty if there is none."""
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise unreadable(f"Cannot deserialize value of type `java.lang.String` in {name}")
    return value or ""


def texts_of(item: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts; empty if there is none."""
    values = _list_of(item, name)
    if not all(isinstance(value, str) for value in values):
        raise unreadable(f"Cannot deserialize value of type `java.lang.String` in {name}")
    return values


def objects_of(item: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects; empty if there is none."""
    values = _list_of(item, name)
    if not all(isinstance(value, dict) for value in values):
        raise unreadable(f"Cannot construct instance of an object in {name}")
    return values


def properties_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """The property values of an input; text, or what becomes text."""
    properties = item.get("properties")
    if not isinstance(properties, dict) or any(isinstance(value, dict | list) for value in properties.values()):
        raise unreadable("Cannot deserialize value of type `java.lang.String` in properties")
    return properties


def _list_of(item: Mapping[str, Any], name: str) -> list[Any]:
    values = item.get(name)
    if values is not None and not isinstance(values, list):
        raise unreadable(f"Cannot deserialize value of type `java.util.ArrayList` in {name}")
    return values or []
