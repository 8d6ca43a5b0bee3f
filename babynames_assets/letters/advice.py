"""What a person can do about a dead letter."""

from collections.abc import Mapping
from types import MappingProxyType

from babynames_assets.hubspot.contact_writes import NO_ANSWER
from babynames_assets.warehouse.letter_queries import StoredLetter

OF_A_LINE = (
    "A line is not sent but read: have it mended in the source, and materialize raw/baby_names_csv and "
    "validated/baby_names with the new file. The letter is resolved when the newest file no longer has this line."
)

_BY_CATEGORY: Mapping[str, str] = MappingProxyType(
    {
        "CONFLICT": "Another contact of the account holds a value that must be unique: look its id or baby_name_key up "
        "in HubSpot, and merge or delete the one that is wrong.",
        "VALIDATION_ERROR": "A property of the account does not take the value: compare its type, its options and the "
        "validation rules (HubSpot, Settings, Properties) with the payload.",
        "OBJECT_NOT_FOUND": "Something that the contact needs is gone from the account: look for properties that were "
        "archived, and for a contact that was merged or deleted while it was written.",
        NO_ANSWER: "HubSpot said neither that it wrote the contact nor that it refused it. As a rule this passes; if "
        "not, give its support the key and the time of the last attempt.",
    }
)
_OF_OTHERS = "Look the reason up in HubSpot's documentation, or give its support the correlation id."


def what_to_do(letter: StoredLetter) -> str:
    """The next step for a person, or that there is none."""
    if letter.status == "resolved":
        return "Nothing: it is resolved."
    if letter.status == "discarded":
        return "Nothing: it was discarded. " + (_retry(letter) if letter.service == "sync" else "")
    if letter.status == "retrying":
        return f"Wait: a redrive sends it at this moment, or has died; it is due again at {_at(letter)} at the latest."
    if letter.service == "import":
        return f"{OF_A_LINE} Or leave it at that: babynames dead-letters discard {letter.id} --because '...'"
    return f"{_BY_CATEGORY.get(letter.category or '', _OF_OTHERS)} {_next(letter)}"


def _next(letter: StoredLetter) -> str:
    if letter.next_attempt_at is None:
        return f"Its attempts are used up, nothing sends it again by itself. {_retry(letter)}"
    return f"It is sent again by itself after {_at(letter)}. {_retry(letter)}"


def _retry(letter: StoredLetter) -> str:
    return f"To send it now: babynames dead-letters retry {letter.id}"


def _at(letter: StoredLetter) -> str:
    return f"{letter.next_attempt_at:%Y-%m-%d %H:%M:%S} UTC"
