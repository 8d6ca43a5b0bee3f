"""The limits of HubSpot, kept by its own clock when a request arrives."""

import datetime as dt
from collections import deque
from collections.abc import Callable
from zoneinfo import ZoneInfo

TIME_ZONE = "America/New_York"
"""Where the emulated account is; its day ends at midnight there."""


class RollingWindow:
    """At most so many requests in any so many seconds."""

    def __init__(self, limit: int, seconds: float, clock: Callable[[], float]) -> None:
        self.limit, self.seconds, self._clock = limit, seconds, clock
        self._admitted: deque[float] = deque()

    def admit(self) -> bool:
        """Take a place, if there is one."""
        if self.remaining <= 0:
            return False
        self._admitted.append(self._clock())
        return True

    @property
    def remaining(self) -> int:
        """Places left now."""
        oldest = self._clock() - self.seconds
        while self._admitted and self._admitted[0] <= oldest:
            self._admitted.popleft()
        return self.limit - len(self._admitted)

    def clear(self) -> None:
        """Forget what came in."""
        self._admitted.clear()


class DailyCounter:
    """At most so many requests between two midnights of the account; without a limit it only counts."""

    def __init__(self, limit: int | None, clock: Callable[[], float]) -> None:
        self.limit, self._clock = limit, clock
        self._day: dt.date | None = None
        self.used = 0

    def admit(self) -> bool:
        """Count the request, unless the limit is reached."""
        today = self._now().date()
        if today != self._day:
            self._day, self.used = today, 0
        if self.limit is not None and self.used >= self.limit:
            return False
        self.used += 1
        return True

    @property
    def remaining(self) -> int:
        """Requests left today."""
        return (self.limit or 0) - self.used

    @property
    def resets_at(self) -> dt.datetime:
        """The account's next midnight."""
        tomorrow = self._now().date() + dt.timedelta(days=1)
        return dt.datetime.combine(tomorrow, dt.time(), tzinfo=ZoneInfo(TIME_ZONE))

    def clear(self) -> None:
        """Forget what came in."""
        self.used = 0

    def _now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._clock(), ZoneInfo(TIME_ZONE))
