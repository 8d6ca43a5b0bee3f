"""Notices a file in the landing folder, once it has stopped changing."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Self

from babynames_assets.automation.requests import Asked, ask
from babynames_assets.ingest.landing import LandedFile
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.setting_groups import AutomationSettings


@dataclass(frozen=True)
class LandingWatch:
    """What is known from one look to the next; it is a sensor's cursor.

    Attributes:
        seen: the newest file as ``name_of`` names it, at the last look.
        asked: the request for a file that is not the current raw file yet.
        taken: the file that a run has taken, although the raw file still has the moment of an equal one.
    """

    seen: str | None = None
    asked: Asked | None = None
    taken: str | None = None

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Self:
        """Read what ``as_cursor`` wrote; anything else counts as nothing known."""
        try:
            values = json.loads(cursor or "{}")
            asked = values.pop("asked", None)
            return cls(**values, asked=Asked(**asked) if asked else None)
        except (ValueError, TypeError, AttributeError):
            return cls()

    def as_cursor(self) -> str:
        """The same as text."""
        return json.dumps(asdict(self))

    def look(self, landed: LandedFile | None) -> Self:
        """Remember what lies in the folder now."""
        name = name_of(landed) if landed else None
        return replace(self, seen=name, taken=self.taken if self.taken == name else None)

    def request(self, now: float, terms: AutomationSettings) -> Asked | None:
        """The request for the file that was seen, if one is due."""
        return ask(self.asked, self.seen, now, terms) if self.seen and self.seen != self.taken else None


def name_of(landed: LandedFile) -> str:
    """A file as it was: another length or another time of change is another file."""
    return f"{landed.path.name} of {landed.bytes} bytes at {landed.changed_ns}"


def is_here(landed: LandedFile, current: RawFile | None) -> bool:
    """Whether the current raw file came from this file. It is not read for that, so that any size is looked at."""
    if current is None or current.origin != "landing":
        return False
    same = (landed.path.name, landed.bytes, landed.updated_at)
    return same == (current.dataset, current.archive_bytes, current.updated_at)
