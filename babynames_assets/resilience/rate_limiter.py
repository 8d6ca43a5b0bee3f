"""Waits for a place under a limit that many threads, processes and hosts share.

The books of the limit are kept elsewhere, behind ``reserve``: whoever holds them decides by one clock, and hands out
places a little ahead. So a caller learns its place once and sleeps until then, and neither a slow answer of the books
nor a late awakening costs throughput. Inside a process the callers stand in line, and the first one asks for all.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import structlog

from babynames_assets.resilience.allowances import Places

_log = structlog.get_logger(__name__)

TOO_LATE = 0.15
"""Who awakes later after its place than this, in seconds, because the machine was busy or asleep, gives it up for a new
one: what arrives too late could be too much for the window in which it arrives."""

MOST_PLACES = 5
"""Places that one call tries; on a machine that is always late the last one is used all the same."""

_SHORTEST_SLEEP = 0.001


class _Place(NamedTuple):
    """When it was asked for, and when it is, in seconds of the limiter's clock."""

    asked_at: float
    at: float


class RateLimiter:
    """Gives each call its place. Safe to share between threads when ``reserve`` is."""

    def __init__(
        self,
        reserve: Callable[[int], Places],
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a limiter.

        Args:
            reserve: takes up to so many places, or says when to ask again.
            sleep: waits so many seconds.
            clock: monotonic seconds.
        """
        self._reserve, self._sleep, self._clock = reserve, sleep, clock
        self._line = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._given_up_at = float("-inf")
        self._places: deque[_Place] = deque()
        self._behind: float | None = None

    def acquire(self, last_look: Callable[[], None] = lambda: None) -> float:
        """Return when the call may be made: the seconds that it took.

        Args:
            last_look: called when the place has come; what it takes makes the call late, and what it raises ends it.
        """
        began = self._clock()
        for _ in range(MOST_PLACES):
            place = self._next_place()
            if (seconds := place.at - self._clock()) > 0:
                self._sleep(seconds)
            last_look()
            late = self._clock() - place.at
            if late <= TOO_LATE and place.asked_at >= self._given_up_at:
                break
            _log.info("place_given_up", late=round(late, 3))
        return self._clock() - began

    @property
    def waiting(self) -> int:
        """Calls that stand in line."""
        return self._waiting

    def give_up_places(self) -> None:
        """Use no place that was taken until now, because the limit was met all the same."""
        self._given_up_at = self._clock()

    def _next_place(self) -> _Place:
        with self._counting:
            self._waiting += 1
        try:
            with self._line:
                while not self._places:
                    self._fetch()
                return self._places.popleft()
        finally:
            with self._counting:
                self._waiting -= 1

    def _fetch(self) -> None:
        """Ask for all who stand in line now."""
        asked_at = self._clock()
        places = self._reserve(self._waiting)
        now = self._hear(places.now, asked_at)
        self._places.extend(_Place(asked_at, now + seconds) for seconds in places.waits)
        if not places.waits:
            self._sleep(max(places.ask_again_in, _SHORTEST_SLEEP))

    def _hear(self, books_now: float | None, asked_at: float) -> float:
        """The moment of an answer by this process's clock: never early, and late by what the quickest answer took.

        An answer that was long under way would else make all of its places late, without anybody knowing. That the
        books' clock was set back shows when they answered before they were asked.
        """
        now = self._clock()
        if books_now is None:
            return now
        if self._behind is None or books_now + self._behind < asked_at:
            self._behind = now - books_now
        self._behind = min(self._behind, now - books_now)
        return books_now + self._behind
