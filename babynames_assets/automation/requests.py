"""A request that was made: when it may be made again if it led to nothing."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self

from babynames_assets.setting_groups import AutomationSettings


@dataclass(frozen=True)
class Asked:
    """A thing that was asked for and is not done yet.

    Attributes:
        of: the thing, as it was: another version or content is another thing.
        tries: how often it was asked for.
        at: when it was last asked for or seen under way, in seconds since 1970.
    """

    of: str
    tries: int
    at: float

    def seen_under_way(self, now: float) -> Self:
        """The same, while a run of it is queued or running: the wait begins when that has ended."""
        return replace(self, at=now)

    def due_at(self, terms: AutomationSettings) -> float:
        """When it may be asked for again: twice as long after each try, up to a limit."""
        return self.at + min(terms.retry_seconds * 2.0 ** min(self.tries - 1, 60), terms.max_retry_seconds)

    def said(self, terms: AutomationSettings) -> str:
        """When that is, for a person who wonders why nothing happens."""
        again = datetime.fromtimestamp(self.due_at(terms), UTC)
        return f"asked for again at {again:%H:%M:%S} UTC; the run that failed says why"


def ask(asked: Asked | None, of: str, now: float, terms: AutomationSettings) -> Asked | None:
    """The request to be made now, or None while the last one for the same thing is too recent.

    Args:
        asked: the last request, if any.
        of: the thing that is wanted.
        now: seconds since 1970.
        terms: how long to wait.
    """
    if asked is None or asked.of != of:
        return Asked(of, 1, now)
    return Asked(of, asked.tries + 1, now) if now >= asked.due_at(terms) else None
