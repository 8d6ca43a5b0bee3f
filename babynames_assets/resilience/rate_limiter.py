"""Waits until a call is admitted by a limit that many threads, processes and hosts share.

The books of the limit are kept elsewhere, behind ``reserve``: whoever holds them decides by one clock.
"""

import time
from collections.abc import Callable

import structlog

_log = structlog.get_logger(__name__)

SHORTEST_SLEEP = 0.001
"""A wait that rounding made tiny must not become a busy loop against the database that answers it."""


class RateLimiter:
    """Asks for a place until it has one. Safe to share between threads when ``reserve`` is."""

    def __init__(self, reserve: Callable[[], float], sleep: Callable[[float], None] = time.sleep) -> None:
        """Make a limiter.

        Args:
            reserve: takes a place and answers 0.0, or takes none and answers the seconds to wait before asking again.
            sleep: waits that many seconds.
        """
        self._reserve, self._sleep = reserve, sleep

    def acquire(self) -> float:
        """Return when the call is admitted: the seconds that were slept for it."""
        waited = 0.0
        while (seconds := self._reserve()) > 0:
            seconds = max(seconds, SHORTEST_SLEEP)
            self._sleep(seconds)
            waited += seconds
        if waited:
            _log.debug("call_delayed", seconds=round(waited, 3))
        return waited
