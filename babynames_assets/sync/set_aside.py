"""Batches that HubSpot could not answer: the others go on, unless so many fail that it answers nothing now."""

from typing import Generic, TypeVar

import structlog

from babynames_assets.errors import CircuitOpenError, RetryableError

Batch = TypeVar("Batch")

_log = structlog.get_logger(__name__)

_IN_A_ROW = 5
"""So many batches, one after the other, are not one batch's bad luck."""


class BatchesLeftError(RetryableError):
    """Everything was sent but some batches, which HubSpot could not answer."""


class SetAside(Generic[Batch]):
    """The batches that are left for later. Used by one thread."""

    def __init__(self) -> None:
        """None yet."""
        self._batches: list[Batch] = []
        self._errors: list[RetryableError] = []
        self._in_a_row = 0

    def __len__(self) -> int:
        """How many."""
        return len(self._batches)

    def saw_an_outcome(self) -> None:
        """HubSpot answered a batch."""
        self._in_a_row = 0

    def add(self, batch: Batch, error: BaseException) -> bool:
        """Set a batch aside; false where the error is of a kind, or the last of so many, that the others fail too."""
        if not isinstance(error, RetryableError) or isinstance(error, CircuitOpenError):
            return False
        _log.warning("batch_set_aside", error=str(error))
        self._batches.append(batch)
        self._errors.append(error)
        self._in_a_row += 1
        return self._in_a_row < _IN_A_ROW

    def take(self) -> list[Batch]:
        """All of them, to be sent once more."""
        taken, self._batches, self._errors = self._batches, [], []
        return taken

    def require_none(self) -> None:
        """Return if none is left.

        Raises:
            BatchesLeftError: some are.
        """
        if not self._batches:
            return
        first = self._errors[0]
        raise BatchesLeftError(
            f"HubSpot could not answer {len(self._batches)} of the batches, which stay pending; all others are done. "
            "The next sync of these years sends them; nothing has to be undone. "
            f"Of the first: {first}",
            retry_after=first.retry_after,
        ) from first
