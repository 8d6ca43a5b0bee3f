"""What a sync would find to do, year by year: what a plan is made from, and what it is held against later."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, fields
from typing import Literal

from babynames_assets.sync.contacts import MAPPING
from babynames_assets.warehouse import ledger
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.sync_differences import YearDifference

Removed = Literal["archive", "keep"]


@dataclass(frozen=True)
class YearPicture:
    """The work of one year.

    Attributes:
        create: contacts to be created.
        update: contacts to be updated.
        archive: contacts to be archived.
        content: digest of what the table was last brought to; other rows of the same number are another picture.
    """

    create: int = 0
    update: int = 0
    archive: int = 0
    content: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.create or self.update or self.archive)


@dataclass(frozen=True)
class Picture:
    """The work of some years, under the mapping and the setting that decide it."""

    mapping: str
    removed_contacts: str
    years: Mapping[int, YearPicture]

    @property
    def contacts(self) -> int:
        """Contacts that are written or archived."""
        return sum(year.create + year.update + year.archive for year in self.years.values())

    def as_json(self) -> str:
        """The same picture is the same text."""
        years = {str(year): astuple(self.years[year]) for year in sorted(self.years)}
        return json.dumps({**asdict(self), "years": years}, sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    @classmethod
    def from_json(cls, text: str) -> "Picture":
        """The picture of a text that ``as_json`` made."""
        parts = json.loads(text)
        years = {int(year): YearPicture(*values) for year, values in parts["years"].items()}
        return cls(parts["mapping"], parts["removed_contacts"], years)


def picture_of(connection: Connection, differences: Mapping[int, YearDifference], removed_contacts: Removed) -> Picture:
    """The picture that some counts are.

    Args:
        connection: the transaction that counted.
        differences: the counts by year.
        removed_contacts: the setting; contacts that are kept are no work.
    """
    contents = {year: entry.digest for year, entry in ledger.current(connection).items()}
    archives = removed_contacts == "archive"
    years = {
        year: YearPicture(
            create=found.create,
            update=found.update,
            archive=found.archive if archives else 0,
            content=contents.get(year),
        )
        for year, found in differences.items()
    }
    return Picture(MAPPING, removed_contacts, years)


def changes_since(planned: Picture, now: Picture, years: Iterable[int], *, is_begun: bool) -> list[str]:
    """In what a picture is not the planned one any more, a sentence each.

    Args:
        planned: the plan's.
        now: today's.
        years: those to look at.
        is_begun: part of the plan may be done already, so that less is left of it.
    """
    if planned.mapping != now.mapping:
        return [f"contacts are mapped by version {now.mapping} now, not {planned.mapping}"]
    if planned.removed_contacts != now.removed_contacts:
        return [f"BABYNAMES_HUBSPOT__REMOVED_CONTACTS is {now.removed_contacts} now, not {planned.removed_contacts}"]
    found = []
    for year in years:
        before, after = planned.years.get(year, YearPicture()), now.years.get(year, YearPicture())
        if before.content != after.content:
            found.append(f"{year} was loaded with other rows since")
        elif before != after and not (is_begun and _is_part(after, before)):
            found.append(f"{year} has {_words(after)}, not {_words(before)}")
    return found


def _is_part(less: YearPicture, more: YearPicture) -> bool:
    names = [field.name for field in fields(YearPicture) if field.name != "content"]
    return all(getattr(less, name) <= getattr(more, name) for name in names)


def _words(year: YearPicture) -> str:
    return f"{year.create:,} to create, {year.update:,} to update and {year.archive:,} to archive"
