"""Progress of a long step: done, rate and time left, said at most once in a while."""

import time
from collections.abc import Callable

import structlog

_log = structlog.get_logger(__name__)


class Progress:
    """Counts what is done and logs a line when the last one is old enough, so that 145 years are not 145 lines."""

    def __init__(
        self,
        thing: str,
        total: int,
        *,
        say: Callable[[str], None],
        every: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start counting.

        Args:
            thing: plural noun of what is counted, for example ``contacts``.
            total: how many there are to do.
            say: takes each line for a person, for example the Dagster run's log.
            every: seconds between two lines.
            clock: monotonic seconds.
        """
        self._thing, self._total, self._say, self._every, self._clock = thing, total, say, every, clock
        self._started = self._said_at = clock()

    def reached(self, done: int) -> None:
        """Take the number done so far; the last one is always said."""
        now = self._clock()
        if done < self._total and now - self._said_at < self._every:
            return
        self._said_at = now
        rate = done / max(now - self._started, 1e-9)
        left = (self._total - done) / rate if rate else 0.0
        _log.info("progress_made", thing=self._thing, done=done, total=self._total, per_second=round(rate, 1))
        self._say(f"{done:,} of {self._total:,} {self._thing}, {rate:,.0f} a second, {left:,.0f} s left")
