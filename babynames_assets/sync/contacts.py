"""A row of the warehouse as a HubSpot contact."""

from typing import Protocol

from babynames_assets.hubspot.contact_writes import ContactWrite

MAPPING = "1"
"""Version of the mapping below. It is part of every fingerprint: raise it when the properties change, and the next sync
sends every contact again."""


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
    year, _, rest = key.partition("-")
    sex, _, name = rest.partition("-")
    return (int(year), sex, name) if year.isdecimal() and sex and name else None


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
