"""HubSpot's reasons for a refusal, in words that a person can act on."""

import json
from typing import cast

from babynames_assets.hubspot.wire import ErrorBody

INVALID_VALUES = "Property values were not valid: "
"""After these words the message carries a JSON list with the property, the code and the reason of each invalid
value."""


def parse_error(text: str) -> ErrorBody:
    """The body of an error answer; whatever is not HubSpot's JSON, such as a gateway's page, becomes its message."""
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if isinstance(body, dict):
        return cast("ErrorBody", body)
    return ErrorBody(message=" ".join(text.split())[:200] or "no text")


def reason_of(error: ErrorBody) -> str:
    """The refusal's message, with the details of invalid values written out."""
    message = " ".join(str(error.get("message") or "no reason given").split())
    head, found, details = message.partition(INVALID_VALUES)
    if not found:
        return message
    try:
        return head + "; ".join(_describe(detail) for detail in json.loads(details))
    except (ValueError, TypeError, AttributeError):
        # The shape inside the message is not documented: text that cannot be read is still shown.
        return message


def missing_scopes(error: ErrorBody) -> list[str]:
    """The scopes that a 403 asks for."""
    scopes: set[str] = set()
    try:
        for detail in error.get("errors") or []:
            for name, values in (detail.get("context") or {}).items():
                if "scopes" in name.lower():
                    scopes.update(values)
    except (AttributeError, TypeError):
        # A proxy's 403 has a shape of its own; the status says enough.
        return []
    return sorted(scopes)


def _describe(detail: dict[str, object]) -> str:
    text = f"{detail.get('name', 'a property')}: {detail.get('message', 'not valid')}"
    return f"{text} ({detail['error']})" if "error" in detail else text
