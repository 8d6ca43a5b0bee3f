"""The limits of HubSpot, kept by its own clock when a request arrives."""

import datetime as dt
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babynames_assets.emulators.hubspot.replies import ApiError, burst_limited, daily_limited, search_limited

TIME_ZONE = "America/New_York"
"""Where the emulated account is; its day ends at midnight there."""


LIMIT_PREFIX = "x-hubspot-ratelimit-"
WINDOW_HEADERS = tuple(
    f"{LIMIT_PREFIX}{name}" for name in ("interval-milliseconds", "max", "remaining", "secondly", "secondly-remaining")
)
"""What every answer tells of the ten seconds, but for those of search."""


LIMITED: Mapping[str, Callable[[], ApiError]] = MappingProxyType(
    {"burst": burst_limited, "search": search_limited, "daily": daily_limited}
)
"""The answer to a request that breaks a limit."""


class Lane(Enum):
    """Which limits a request has."""

    API = auto()
    SEARCH = auto()
    """One of its own; it spends nothing of the ten seconds."""
    OPEN = auto()
    """None; no token is asked for either."""


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
            f"{LIMIT_PREFIX}daily": str(self.limit),
            f"{LIMIT_PREFIX}daily-remaining": str(self.remaining),
        }

    def clear(self) -> None:
        """Forget what came in, and what day it is."""
        self._ends = 0.0


@dataclass
class Limits:
    """All limits of an account.

    Attributes:
        burst: on ten seconds; search does not count.
        search: on search.
        daily: on a day; without a limit, as for OAuth apps, no answer speaks of days.
    """

    burst: RollingWindow
    search: RollingWindow
    daily: DailyCounter

    def broken_by(self, lane: Lane) -> str | None:
        """Admit a request that has limits, or say which one it breaks: a name in LIMITED."""
        if lane is Lane.SEARCH and not self.search.admit():
            return "search"
        if lane is Lane.API and not self.burst.admit():
            return "burst"
        return None if self.daily.admit() else "daily"

    def headers(self, lane: Lane) -> dict[str, str]:
        """What an answer tells of them."""
        if lane is Lane.OPEN:
            return {}
        return {**self.daily.headers(), **(self.burst.headers() if lane is Lane.API else {})}

    def clear(self) -> None:
        """Forget what came in."""
        for limit in (self.burst, self.search, self.daily):
            limit.clear()
