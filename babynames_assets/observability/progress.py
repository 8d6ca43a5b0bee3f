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
        of: str | None = None,
        every: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start counting.

        Args:
            thing: plural noun of what is counted, for example ``contacts``.
            total: how many there are to do.
            of: plural noun of what the things are made of, for example ``rows`` of years.
            say: takes each line for a person, for example the Dagster run's log.
            every: seconds between two lines.
            clock: monotonic seconds.
        """
        self._thing, self._total, self._of, self._say, self._every, self._clock = thing, total, of, say, every, clock
        self._started = self._said_at = clock()
        self._done = self._amount = 0

    def add(self, done: int, amount: int) -> None:
        """Take some more, with what they are made of."""
        self._amount += amount
        self.reached(self._done + done)

    def finish(self) -> None:
        """Say that all is done, if it was begun: for totals that are not met to the last."""
        if 0 < self._done < self._total:
            self.reached(self._total)

    def reached(self, done: int) -> None:
        """Take the number done so far; the last one is always said."""
        self._done = done
        now = self._clock()
        if done < self._total and now - self._said_at < self._every:
            return
        self._said_at = now
        seconds = max(now - self._started, 1e-9)
        left = (self._total - done) * seconds / done if done else 0.0
        amount = {self._of: self._amount, f"{self._of}_per_second": round(self._amount / seconds)} if self._of else {}
        per_second = round(done / seconds, 1)
        _log.info("progress_made", thing=self._thing, done=done, total=self._total, per_second=per_second, **amount)
        pace = f"{self._amount / seconds:,.0f} {self._of}" if self._of else f"{done / seconds:,.0f}"
        self._say(f"{done:,} of {self._total:,} {self._thing}, {pace} a second, {left:,.0f} s left")
