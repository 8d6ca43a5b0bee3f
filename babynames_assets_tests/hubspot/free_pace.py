"""A pace that holds nobody up: every call has a place at once, and HubSpot is never taken for down."""

import datetime as dt
from collections.abc import Callable

from babynames_assets.errors import PausedError
from babynames_assets.hubspot.pace import Pace
from babynames_assets.resilience.allowances import DailyCount, Limit, Places
from babynames_assets.resilience.circuit_breaker import CircuitBreaker
from babynames_assets.resilience.circuits import Circuit, CircuitTerms, Seen

NOON = dt.datetime(2026, 11, 23, 17, 0)  # noqa: DTZ001 - in UTC, as circuits have it
TOMORROW = dt.datetime(2026, 11, 24, 5, 1, tzinfo=dt.UTC)


class FreeBooks:
    """Books in memory that count, and never refuse."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.day = NOON.date()
        self.taken: list[str] = []
        self.limits: list[tuple[str, Limit]] = []
        self.counts: list[DailyCount] = []
        self.closed: list[tuple[str, float, float]] = []
        self.pauses: list[tuple[str, float | None]] = []
        self.time_zone = ""

    def take(self, bucket: str, wanted: int) -> Places:
        """Give all."""
        self.taken += [bucket] * wanted
        return Places((0.0,) * wanted)

    def note_limit(self, bucket: str, limit: Limit) -> None:
        """Remember it."""
        self.limits.append((bucket, limit))

    def note_count(self, count: DailyCount) -> None:
        """Remember it."""
        self.counts.append(count)

    def close(self, bucket: str, *, least: float, most: float) -> None:
        """Remember it."""
        self.closed.append((bucket, least, most))

    def pause(self, reason: str, seconds: float | None = None) -> PausedError:
        """Remember it, and give a date."""
        self.pauses.append((reason, seconds))
        return PausedError(f"{reason} It goes on later.", until=TOMORROW)

    def set_time_zone(self, time_zone: str) -> None:
        """Remember it."""
        self.time_zone = time_zone


class CircuitInMemory:
    """A circuit for one process, on a clock that a test sets."""

    def __init__(self) -> None:
        """Begin closed, at noon."""
        self.circuit, self.moment = Circuit(), NOON
        self.reads = self.changes = 0

    def read(self) -> Seen:
        """As it is."""
        self.reads += 1
        return Seen(self.circuit, self.moment)

    def change(self, to: Callable[[Circuit, dt.datetime], Circuit]) -> Seen:
        """Replace it."""
        self.changes += 1
        self.circuit = to(self.circuit, self.moment)
        return Seen(self.circuit, self.moment)


def free_pace(books: FreeBooks | None = None) -> Pace:
    """A pace for one process without limits."""
    circuit = CircuitInMemory()
    # The circuit's clock stands still, so that no failure ever lasts.
    breaker = CircuitBreaker(circuit.read, circuit.change, CircuitTerms(), service="HubSpot")
    return Pace(books or FreeBooks(), breaker)
