"""What a client did: the numbers that ``/_stats`` tells."""

from collections import Counter, deque
from typing import Any

from babynames_assets.emulators.hubspot.contact_counts import ContactCounts
from babynames_assets.emulators.hubspot.limits import Lane
from babynames_assets.emulators.hubspot.replies import Ending, Reply

WINDOW = 10.0
SEARCH_WINDOW = 1.0

_OUT_OF_ORDER = {477}
"""Beside 5xx, a status of the whole service and not of one request."""


class BusiestWindow:
    """The most requests that arrived in any so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._arrivals: deque[float] = deque()
        self.most = 0

    def arrived(self, now: float) -> None:
        """Count a request; they come in the order of time."""
        self._arrivals.append(now)
        while self._arrivals[0] <= now - self._seconds:
            self._arrivals.popleft()
        self.most = max(self.most, len(self._arrivals))


class Statistics:
    """Counts requests as they arrive and answers as they leave."""

    def __init__(self) -> None:
        self.contacts = ContactCounts()
        self._in_flight = 0
        self.clear()

    def clear(self) -> None:
        """Start anew."""
        self.contacts.clear()
        self._by_path: Counter[str] = Counter()
        self._by_status: Counter[str] = Counter()
        self._violations: Counter[str] = Counter()
        self._injected: Counter[str] = Counter()
        self._calls, self._searches = BusiestWindow(WINDOW), BusiestWindow(SEARCH_WINDOW)
        self._requests = self._failures = self._most_failures = 0
        self._most_in_flight = self._in_flight
        self._first: float | None = None
        self._last: float | None = None

    def arrived(self, what: str, now: float, lane: Lane) -> None:
        """Count a request."""
        self._requests += 1
        self._by_path[what] += 1
        self._first = now if self._first is None else self._first
        self._last = now
        if lane is not Lane.OPEN:
            (self._searches if lane is Lane.SEARCH else self._calls).arrived(now)
        self._in_flight += 1
        self._most_in_flight = max(self._most_in_flight, self._in_flight)

    def answered(self, reply: Reply) -> None:
        """Count an answer when it is known, which is before it leaves."""
        is_lost = reply.ending in (Ending.CUT, Ending.RESET)
        self._by_status[reply.ending if is_lost else str(reply.status)] += 1
        if is_lost or reply.status >= 500 or reply.status in _OUT_OF_ORDER:
            self._failures += 1
            self._most_failures = max(self._most_failures, self._failures)
        else:
            self._failures = 0

    def left(self) -> None:
        """Count the answer, or the client that did not wait for it, as gone."""
        self._in_flight -= 1

    def violated(self, limit: str) -> None:
        """Count a request that broke a limit by the client's own pace."""
        self._violations[limit] += 1

    def injected(self, kind: str) -> None:
        """Count a fault that was on order."""
        self._injected[kind] += 1

    def as_json(self) -> dict[str, Any]:
        """All counts."""
        return {
            "requests": self._requests,
            "by_path": dict(self._by_path),
            "by_status": dict(self._by_status),
            "max_requests_in_10s": self._calls.most,
            "max_searches_in_1s": self._searches.most,
            "violations": self._violations.total(),
            "violations_by_limit": dict(self._violations),
            "injected": dict(self._injected),
            "in_flight": self._in_flight,
            "max_in_flight": self._most_in_flight,
            "failures_in_a_row": self._failures,
            "max_failures_in_a_row": self._most_failures,
            "first_request_at": self._first,
            "last_request_at": self._last,
            **self.contacts.as_json(),
        }
