"""What an allowance of calls is made of: limits, places in them, and what the other side says of them."""

import datetime as dt
from dataclasses import dataclass, field
from typing import NamedTuple

BURST_SHARE = 1.2
"""The rate at which calls are made at most, in times of the even rate."""


class Limit(NamedTuple):
    """At most so many calls in any so many seconds."""

    calls: int
    seconds: float

    @property
    def spacing(self) -> float:
        """Seconds between two calls at least: they are spread, and who fell behind can catch up."""
        return self.seconds / (self.calls * BURST_SHARE)


@dataclass(frozen=True)
class Places:
    """What whoever keeps the books answers to a caller who asks for places.

    Attributes:
        waits: seconds from now until each place that was taken, ascending; it is the caller's alone.
        ask_again_in: where none was taken: seconds until asking makes sense.
        now: this moment in seconds by the clock of the books, so that a caller knows how long the answer took.
    """

    waits: tuple[float, ...] = ()
    ask_again_in: float = 0.0
    now: float | None = field(default=None, compare=False)


@dataclass(frozen=True)
class DailyTerms:
    """What of a day's calls may be spent.

    Attributes:
        calls: calls of a day, or None where days are not counted.
        reserve: share of them that stays unspent.
    """

    calls: int | None
    reserve: float = 0.0


@dataclass(frozen=True)
class DailyCount:
    """What an answer says of a day.

    Attributes:
        day: the day of the account in which the call was admitted.
        allowed: calls of a day.
        spent: how many of them are spent, by whomever.
    """

    day: dt.date
    allowed: int
    spent: int
