"""Whether property values are valid, and HubSpot's words for those that are not."""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

INVALID_VALUES = "Property values were not valid: "
MAX_TEXT = 65_536

_EMAIL = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+\.[A-Za-z]{2,}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def normalize(name: str, value: Any) -> str:
    """A value as HubSpot keeps it: text, and addresses in lower case."""
    if isinstance(value, str):
        return value.strip().lower() if name == "email" else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def problems(properties: Mapping[str, str], definitions: Mapping[str, dict[str, Any]]) -> list[dict[str, object]]:
    """What is wrong with the values, one entry a property."""
    found = []
    for name, value in properties.items():
        definition = definitions.get(name)
        if definition is None:
            found.append(_problem(name, f'Property "{name}" does not exist', "PROPERTY_DOESNT_EXIST"))
        elif definition["modificationMetadata"]["readOnlyValue"]:
            message = f'"{name}" is a read only property; its value cannot be set'
            found.append(_problem(name, message, "READ_ONLY_VALUE"))
        elif value != "" and (wrong := _wrong_value(definition, value)):
            found.append(_problem(name, *wrong))
    return found


def message_of(found: list[dict[str, object]]) -> str:
    """The error message: a sentence with the details behind it, as JSON."""
    return INVALID_VALUES + json.dumps(found, separators=(",", ":"))


def _problem(name: str, message: str, code: str) -> dict[str, object]:
    return {"isValid": False, "message": message, "error": code, "name": name}


def _wrong_value(definition: Mapping[str, Any], value: str) -> tuple[str, str] | None:
    if definition["name"] == "email" and not _EMAIL.fullmatch(value):
        return f"Email address {value} is invalid", "INVALID_EMAIL"
    check = _CHECKS.get(definition["type"])
    return check(definition, value) if check else None


def _wrong_text(_definition: Mapping[str, Any], value: str) -> tuple[str, str] | None:
    if len(value) <= MAX_TEXT:
        return None
    return f"{value[:20]}... was too long: at most {MAX_TEXT} characters are allowed", "INVALID_STRING_LENGTH"


def _wrong_number(_definition: Mapping[str, Any], value: str) -> tuple[str, str] | None:
    return None if _NUMBER.fullmatch(value) else (f"{value} was not a valid number.", "INVALID_INTEGER")


def _wrong_option(definition: Mapping[str, Any], value: str) -> tuple[str, str] | None:
    allowed = [option["value"] for option in definition["options"]]
    several = definition["fieldType"] == "checkbox"
    if all(one in allowed for one in (value.split(";") if several else [value])):
        return None
    return f"{value} was not one of the allowed options: [{', '.join(allowed)}]", "INVALID_OPTION"


def _wrong_bool(_definition: Mapping[str, Any], value: str) -> tuple[str, str] | None:
    if value.lower() in ("true", "false"):
        return None
    return f"{value} was not one of the allowed options: [true, false]", "INVALID_OPTION"


def _wrong_date(_definition: Mapping[str, Any], value: str) -> tuple[str, str] | None:
    if value.lstrip("-").isdecimal():
        return None
    try:
        dt.datetime.fromisoformat(value)
    except ValueError:
        return f"{value} was not a valid date.", "INVALID_DATE"
    return None


_CHECKS: dict[str, Callable[[Mapping[str, Any], str], tuple[str, str] | None]] = {
    "string": _wrong_text,
    "number": _wrong_number,
    "enumeration": _wrong_option,
    "bool": _wrong_bool,
    "date": _wrong_date,
    "datetime": _wrong_date,
}
