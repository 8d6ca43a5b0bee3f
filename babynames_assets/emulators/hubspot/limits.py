"""The limits of HubSpot, kept by its own clock when a request arrives."""

import datetime as dt
from collections import deque
from collections.abc import Callable
from zoneinfo import ZoneInfo

TIME_ZONE = "America/New_York"
"""Where the emulated account is; its day ends at midnight there."""


WINDOW_HEADERS = tuple(
    f"x-hubspot-ratelimit-{name}"
    for name in ("interval-milliseconds", "max", "remaining", "secondly", "secondly-remaining")
)
"""What every answer tells of the ten seconds, but for those of search."""


class RollingWindow:
    """At most so many requests in any so many seconds; without a limit it admits all."""

    def __init__(self, limit: int | None, seconds: float, clock: Callable[[], float]) -> None:
        self.limit, self.seconds, self._clock = limit, seconds, clock
        self._admitted: deque[float] = deque()

    def admit(self) -> bool:
        """Take a place, if there is one."""
        if self.limit is None:
            return True
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
        return (self.limit or 0) - len(self._admitted)

    def headers(self) -> dict[str, str]:
        """What an answer tells of it."""
        if self.limit is None:
            return {}
        per_second = str(max(1, self.limit // 10))
        milliseconds = str(round(self.seconds * 1000))
        return dict(
            zip(
                WINDOW_HEADERS,
                (milliseconds, str(self.limit), str(self.remaining), per_second, per_second),
                strict=True,
            )
        )

    def clear(self) -> None:
        """Forget what came in."""
        self._admitted.clear()


class DailyCounter:
    """At most so many requests between two midnights of the account; without a limit it only counts."""

    def __init__(self, limit: int | None, clock: Callable[[], float]) -> None:
        self.limit, self._clock = limit, clock
        self._ends, self._used = 0.0, 0

    def admit(self) -> bool:
        """Count the request, unless the limit is reached."""
        used = self.used
        if self.limit is not None and used >= self.limit:
            return False
        self._used = used + 1
        return True

    @property
    def used(self) -> int:
        """Requests so far today."""
        if self._clock() >= self._ends:
            self._ends, self._used = self.resets_at.timestamp(), 0
        return self._used

    @property
    def remaining(self) -> int:
        """Requests left today."""
        return (self.limit or 0) - self.used

    @property
    def resets_at(self) -> dt.datetime:
        """The account's next midnight."""
        today = dt.datetime.fromtimestamp(self._clock(), ZoneInfo(TIME_ZONE)).date()
        tomorrow = today + dt.timedelta(days=1)
        return dt.datetime.combine(tomorrow, dt.time(), tzinfo=ZoneInfo(TIME_ZONE))

    def headers(self) -> dict[str, str]:
        """What an answer tells of it."""
        if self.limit is None:
            return {}
        return {
            "x-hubspot-ratelimit-daily": str(self.limit),
            "x-hubspot-ratelimit-daily-remaining": str(self.remaining),
        }

    def clear(self) -> None:
        """Forget what came in, and what day it is."""
        self._ends = 0.0
