"""What a client did: the numbers that ``/_stats`` tells."""

from collections import Counter, deque
from collections.abc import Callable

WINDOW = 10.0


class Statistics:
    """Counts requests as they arrive and answers as they leave."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        """Start anew."""
        self.requests = 0
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[str] = Counter()
        self.violations = 0
        self.max_in_window = 0
        self._arrivals: deque[float] = deque()

    def arrived(self, method: str, path: str) -> None:
        """Count a request."""
        now = self._clock()
        self.requests += 1
        self.by_path[f"{method} {path}"] += 1
        self._arrivals.append(now)
        while self._arrivals[0] <= now - WINDOW:
            self._arrivals.popleft()
        self.max_in_window = max(self.max_in_window, len(self._arrivals))

    def answered(self, status: int) -> None:
        """Count an answer."""
        self.by_status[str(status)] += 1

    def violated(self) -> None:
        """Count a request that broke a limit."""
        self.violations += 1

    def as_json(self) -> dict[str, object]:
        """All counts."""
        return {
            "requests": self.requests,
            "by_path": dict(self.by_path),
            "by_status": dict(self.by_status),
            "max_requests_in_10s": self.max_in_window,
            "violations": self.violations,
        }
