"""What search does not know yet: it learns of a change some seconds after it was made."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from babynames_assets.emulators.hubspot.records import Contact


class SearchLag:
    """Remembers how contacts were before the changes that search has not seen.

    Args:
        seconds: how far search is behind; 0 remembers nothing.
        clock: seconds since 1970.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._recent: deque[tuple[float, int, Contact | None]] = deque()

    def changed(self, before: Iterable[tuple[int, Contact | None]]) -> None:
        """Take note of contacts as they were until now; None for one that was not there."""
        if self._seconds:
            now = self._clock()
            self._recent.extend((now, contact_id, contact) for contact_id, contact in before)
            self._forget()

    def outdated(self) -> Mapping[int, Contact | None]:
        """The contacts that search still sees otherwise, as it sees them."""
        self._forget()
        # Backwards, so that the oldest state of a contact is the one that stays.
        return {contact_id: contact for _, contact_id, contact in reversed(self._recent)}

    def clear(self) -> None:
        """Forget everything, as a new account does."""
        self._recent.clear()

    def _forget(self) -> None:
        known = self._clock() - self._seconds
        while self._recent and self._recent[0][0] <= known:
            self._recent.popleft()
