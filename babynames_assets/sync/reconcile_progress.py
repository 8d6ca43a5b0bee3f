"""How far a reading back of HubSpot came, and what it found: kept, so that the next run goes on from there."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from babynames_assets.sync.drift import KINDS, Drift, Kind
from babynames_assets.warehouse.sync_pieces import Place

EXAMPLES = 10
"""Contacts of each kind that are remembered."""


@dataclass
class YearReading:
    """What was found in one year, in contacts.

    Attributes:
        read: contacts that were read back.
        present: those of them that HubSpot has, and that carry their year of birth.
        edited: their properties differ.
        deleted: HubSpot does not have them.
        merged: their key or their id leads to another contact.
        unknown: they have a key of this project, and no row.
        archived: unknown ones that were archived.
    """

    read: int = 0
    present: int = 0
    edited: int = 0
    deleted: int = 0
    merged: int = 0
    unknown: int = 0
    archived: int = 0

    @property
    def to_send(self) -> int:
        """Contacts that a repair sends again."""
        return self.edited + self.deleted + self.merged

    @property
    def drift(self) -> int:
        """Contacts that are not as they should be."""
        return self.to_send + self.unknown


@dataclass
class DriftExample:
    """One contact that is not as it should be, for a person."""

    kind: Kind
    key: str
    hubspot_id: str
    values: dict[str, tuple[str | None, str | None]]


@dataclass
class ReconcileProgress:
    """What is read so far, and where the rest begins.

    Attributes:
        years: what was found, by year.
        year: the year that is being read.
        after: sex and name of the last of its contacts that was read back.
        is_read: all of its contacts were read back; what follows is the search for unknown ones.
        after_id: the last contact that the search showed.
        not_archived: years of whose contacts so many are unknown that none is archived.
        examples: some contacts of each kind.
    """

    years: dict[int, YearReading] = field(default_factory=dict)
    year: int | None = None
    after: Place | None = None
    is_read: bool = False
    after_id: str = ""
    not_archived: list[int] = field(default_factory=list)
    examples: list[DriftExample] = field(default_factory=list)

    def begin(self, year: int) -> YearReading:
        """Turn to a year, or stay with it."""
        if self.year != year:
            self.year, self.after, self.is_read, self.after_id = year, None, False, ""
        return self.years.setdefault(year, YearReading())

    def add(self, drift: Iterable[Drift]) -> None:
        """Count contacts that are not as they should be, and remember some; unknown ones are of the present year."""
        for one in drift:
            found = self.years[one.contact.year if one.contact else self.year or 0]
            setattr(found, one.kind, getattr(found, one.kind) + 1)
            if sum(example.kind == one.kind for example in self.examples) < EXAMPLES:
                self.examples.append(DriftExample(one.kind, one.key, one.hubspot_id, dict(one.values)))

    def totals(self) -> YearReading:
        """What was found in all years."""
        names = [one.name for one in fields(YearReading)]
        return YearReading(**{name: sum(getattr(year, name) for year in self.years.values()) for name in names})

    def by_kind(self) -> dict[str, int]:
        """Contacts that are not as they should be, in all years."""
        totals = self.totals()
        return {kind: getattr(totals, kind) for kind in KINDS}

    def as_json(self) -> str:
        """The whole progress as text."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "ReconcileProgress":
        """The progress of a text that ``as_json`` made."""
        parts: dict[str, Any] = json.loads(text)
        return cls(
            years={int(year): YearReading(**counts) for year, counts in parts["years"].items()},
            year=parts["year"],
            after=tuple(parts["after"]) if parts["after"] else None,
            is_read=parts["is_read"],
            after_id=parts["after_id"],
            not_archived=parts["not_archived"],
            examples=[
                DriftExample(**{**example, "values": {name: tuple(pair) for name, pair in example["values"].items()}})
                for example in parts["examples"]
            ],
        )
