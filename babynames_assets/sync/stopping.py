"""Work that a signal stops between two steps, and never inside one.

Python raises the exception of a signal's handler in the main thread, at whatever line it is: in the middle of a commit,
of the clean-up after one, or where nobody sees it. So the work is done in a thread of its own, and the thread that
signals reach does nothing but wait.
"""

import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

from babynames_assets.errors import BabynamesError

Result = TypeVar("Result")

_GRACE_SECONDS = 10.0
"""So much longer than the work itself may take to stop is it waited for: recording and giving back take a moment."""


class StopAskedError(BabynamesError):
    """Somebody wants this process to end."""


class Stop:
    """Whether work was asked to stop. Safe to share between threads."""

    def __init__(self) -> None:
        """Not yet."""
        self._event = threading.Event()

    @property
    def is_asked(self) -> bool:
        """Whether to stop."""
        return self._event.is_set()

    def ask(self) -> None:
        """Let the work stop at its next step."""
        self._event.set()

    def check(self) -> None:
        """Return if the work may go on.

        Raises:
            StopAskedError: it may not.
        """
        if self._event.is_set():
            raise StopAskedError("This process was told to end.")

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds; a stop ends the wait.

        Raises:
            StopAskedError: the work may not go on.
        """
        self._event.wait(seconds)
        self.check()


def run_stoppable(work: Callable[[Stop], Result], *, stop_seconds: float) -> Result:
    """Do some work; an exception from outside in the caller's thread, such as that of a signal, asks it to stop.

    The exception is raised when the work has stopped, or takes too long to: the work then ends with the process.

    Args:
        work: looks at its stop between two steps.
        stop_seconds: how long it may take to stop.
    """
    stop, made = Stop(), _Made[Result]()

    def run() -> None:
        try:
            stop.check()
            made.result = work(stop)
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            made.error = error
        finally:
            made.is_done.set()

    # The log lines of a thread name the run as the caller's do.
    thread = threading.Thread(target=copy_context().run, args=(run,), name="stoppable", daemon=True)
    try:
        thread.start()
        made.is_done.wait()
    except BaseException:
        stop.ask()
        if thread.is_alive():  # else the exception came before it began, and it will do nothing
            made.is_done.wait(stop_seconds + _GRACE_SECONDS)
        raise
    return made.get()


class _Made(Generic[Result]):
    """What came of the work."""

    def __init__(self) -> None:
        self.is_done = threading.Event()
        self.result: Result | None = None
        self.error: BaseException | None = None

    def get(self) -> Result:
        """The result, or the work's own error."""
        if self.error is not None:
            raise self.error
        return self.result  # type: ignore[return-value]  # None only where the work returns it
