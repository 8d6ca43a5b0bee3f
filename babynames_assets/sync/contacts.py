"""A row of the warehouse as a HubSpot contact."""

import re
from typing import Protocol

from babynames_assets.hubspot.contact_writes import ContactWrite

MAPPING = "1"
"""Version of the mapping below. It is part of every fingerprint: raise it when the properties change, and the next sync
sends every contact again."""

_KEY = re.compile(r"(?P<year>[1-9][0-9]{0,3})-(?P<sex>[FM])-(?P<name>.+)", re.DOTALL)


class BabyName(Protocol):
    """A row of the warehouse, whatever else it carries."""

    @property
    def year(self) -> int:
        """Year of birth."""

    @property
    def sex(self) -> str:
        """``F`` or ``M``."""

    @property
    def name(self) -> str:
        """The name as the dataset spells it."""


def contact_key(row: BabyName) -> str:
    """The value of the unique property that finds a row's contact, for example ``1984-F-Mary``."""
    return f"{row.year}-{row.sex}-{row.name}"


def row_of_key(key: str) -> tuple[int, str, str] | None:
    """Year, sex and name of a contact's key, or None if it is the key of no contact."""
    found = _KEY.fullmatch(key)
    return (int(found["year"]), found["sex"], found["name"]) if found else None


def as_contact(row: BabyName, births: int) -> ContactWrite:
    """All that HubSpot stores of a row; every value is text on the wire."""
    return ContactWrite(
        key=contact_key(row),
        properties={
            "firstname": row.name,
            "gender": row.sex,
            "birth_year": str(row.year),
            "births": str(births),
        },
    )
