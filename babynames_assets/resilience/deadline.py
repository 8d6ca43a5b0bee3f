"""Ends the wait for work that may never end, such as a name that no server resolves or an answer that drips."""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

from babynames_assets.errors import RetryableError

T = TypeVar("T")


def within(seconds: float, work: Callable[[], T], *, what: str) -> T:
    """Do the work, and wait for it no longer than that.

    What is not finished by then goes on in a thread of its own, which keeps no process from ending, and its result is
    thrown away: only for work that changes nothing and has timeouts of its own.

    Args:
        seconds: the longest wait.
        work: what to do.
        what: names it in the error.

    Raises:
        RetryableError: it takes longer.
    """
    outcome: _Outcome[T] = _Outcome(work)
    threading.Thread(target=copy_context().run, args=(outcome.find,), name="within", daemon=True).start()
    if not outcome.is_known.wait(seconds):
        raise RetryableError(f"{what}: no answer within {seconds:g} s. Another try may find it faster.")
    return outcome.give()


class _Outcome(Generic[T]):
    """The result of the work, or its error."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._results: list[T] = []
        self._error: BaseException | None = None
        self.is_known = threading.Event()

    def find(self) -> None:
        """Do the work, in its thread."""
        try:
            self._results.append(self._work())
        except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
            self._error = error
        self.is_known.set()

    def give(self) -> T:
        """What the work returned or raised."""
        if self._error is not None:
            raise self._error
        return self._results[0]
