"""What a sync told of itself."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Told:
    """What one process did; moments are seconds since 1970.

    Attributes:
        began_at: when its sync began; the start of the process is over.
        told_to_end_at: when it was told to end, or None if it ended by itself.
        ended_at: when its last outcome was recorded.
        cpu_seconds: its CPU between the two.
        contacts: those that HubSpot answered for.
    """

    began_at: float
    told_to_end_at: float | None
    ended_at: float
    cpu_seconds: float
    contacts: int

    @property
    def seconds(self) -> float:
        """From the beginning of the sync to its last recorded outcome."""
        return self.ended_at - self.began_at


def read(path: Path) -> Told:
    """What a process wrote."""
    return Told(**json.loads(path.read_text(encoding="utf-8")))
