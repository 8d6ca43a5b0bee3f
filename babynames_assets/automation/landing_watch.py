"""Notices a file in the landing folder, once it has stopped changing."""

from dataclasses import dataclass, replace
from typing import Self

from babynames_assets.automation.cursors import Remembered
from babynames_assets.automation.requests import Asked, ask
from babynames_assets.ingest.landing import LandedFile
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.setting_groups import AutomationSettings


@dataclass(frozen=True)
class LandingWatch(Remembered):
    """What is known from one look to the next; it is a sensor's cursor.

    Attributes:
        seen: the newest file as ``name_of`` names it, at the last look.
        taken: the file that a run has taken, although the raw file still has the moment of an equal one.
    """

    seen: str | None = None
    taken: str | None = None

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
