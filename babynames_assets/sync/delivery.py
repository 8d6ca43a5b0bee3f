"""Batches on their way: many in flight, recorded in whichever order their answers come, and stopped without loss.

The calling thread reads, starts and records; threads of its own make the calls. A batch that HubSpot cannot answer now
is set aside: the others go on, and it is sent once more behind them. However a delivery ends, by an error or because it
was asked to stop, no further call is begun, those under way are waited for, and what they answer is recorded.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar, cast

import structlog

from babynames_assets.errors import BabynamesError
from babynames_assets.sync.set_aside import SetAside
from babynames_assets.sync.stopping import Stop

Batch = TypeVar("Batch")
Outcome = TypeVar("Outcome")

_log = structlog.get_logger(__name__)

RECORDED_TOGETHER = 8
"""So many outcomes share a transaction, when they are there; nothing waits for it longer than the next batch takes."""

_LONGEST_WAIT = 0.5


class StoppedError(BabynamesError):
    """The delivery has ended, and this call was not made."""


@dataclass(frozen=True)
class Means(Generic[Batch, Outcome]):
    """How batches are delivered.

    Attributes:
        send: makes the calls of a batch, in a thread of its own. Before each request it calls the function that it is
            given, and ends with what that raises.
        record: records outcomes in one transaction; called again for the same ones only where it has raised.
        tell: called after outcomes are recorded, for progress.
        may_send: raises when no request may be made any more; called in the threads.
        keep: called often in the caller's thread while batches are under way.
    """

    send: Callable[[Batch, Callable[[], None]], Outcome]
    record: Callable[[Sequence[tuple[Batch, Outcome]]], None]
    tell: Callable[[], None]
    may_send: Callable[[], None]
    keep: Callable[[], None]


@dataclass(frozen=True)
class _Answer(Generic[Batch, Outcome]):
    """What came of a batch: an outcome, or the error that there is none."""

    batch: Batch
    outcome: Outcome | None = None
    error: BaseException | None = None


class Delivery(Generic[Batch, Outcome]):
    """Delivers batches of one kind. Used by one thread."""

    def __init__(self, means: Means[Batch, Outcome], *, in_flight: int, stop: Stop, stop_seconds: float) -> None:
        """Make a delivery.

        Args:
            means: how.
            in_flight: the most batches under way at once.
            stop: ends it.
            stop_seconds: how long answers are waited for after that.
        """
        self._means, self._most, self._asked, self._stop_seconds = means, in_flight, stop, stop_seconds
        self._waiting: SimpleQueue[Batch | None] = SimpleQueue()
        self._answers: deque[_Answer[Batch, Outcome]] = deque()
        self._arrivals: SimpleQueue[None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._begun = self._settled = 0
        self._set_aside = SetAside[Batch]()
        self._is_stopped = threading.Event()
        self._deadline: float | None = None

    @property
    def under_way(self) -> int:
        """Batches whose answer has not come: after a stop that could not wait longer, HubSpot may still act on them."""
        return self._begun - self._settled - len(self._answers)

    def run(self, batches: Iterable[Batch]) -> None:
        """Deliver all batches; returns when the last outcome is recorded.

        Args:
            batches: read no further ahead than is under way.

        Raises:
            StopAskedError: it was asked to stop.
            BatchesLeftError: HubSpot could not answer some of the batches; all others are recorded.
            BabynamesError: why nothing more could be delivered, or recorded.
        """
        try:
            self._send_all(batches)
            if len(self._set_aside) < self._settled:
                self._send_all(self._set_aside.take())
            self._set_aside.require_none()
        except BaseException:
            self._stop()
            raise
        finally:
            for _ in self._threads:
                self._waiting.put(None)

    def _send_all(self, batches: Iterable[Batch]) -> None:
        for batch in batches:
            self._begin(batch)
            while self.under_way >= self._most:
                self._settle(_LONGEST_WAIT)
            if len(self._answers) >= RECORDED_TOGETHER:
                self._settle(0)
        while self._begun > self._settled:
            self._settle(_LONGEST_WAIT)

    def _begin(self, batch: Batch) -> None:
        self._asked.check()
        self._means.keep()
        self._begun += 1
        if len(self._threads) < self.under_way:
            # Not a pool's threads: the interpreter waits for those at its end, however long a call takes to give up.
            # The log lines of a thread name the run as the caller's do.
            thread = threading.Thread(target=copy_context().run, args=(self._work,), name="hubspot", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._waiting.put(batch)

    def _work(self) -> None:
        while (batch := self._waiting.get()) is not None:
            try:
                answer = _Answer[Batch, Outcome](batch, outcome=self._means.send(batch, self._check))
            except BaseException as error:  # noqa: BLE001 - raised where the caller can see it
                answer = _Answer(batch, error=error)
            self._answers.append(answer)
            self._arrivals.put(None)

    def _check(self) -> None:
        if self._is_stopped.is_set():
            raise StoppedError("The delivery has ended; this call was not made.")
        try:
            self._means.may_send()
        except BabynamesError as error:
            # Of another kind, or it would be taken for a failed call that is tried again.
            raise StoppedError("This call was not made.") from error

    def _settle(self, seconds: float) -> None:
        """Wait so long for an answer, record what has come, and raise the first error in it."""
        self._asked.check()
        self._means.keep()
        self._await_answer(seconds)
        for error in self._record():
            raise (error.__cause__ if isinstance(error, StoppedError) else None) or error

    def _await_answer(self, seconds: float) -> None:
        if not self._answers:
            with suppress(Empty):
                self._arrivals.get(timeout=seconds)
        with suppress(Empty):
            while True:
                self._arrivals.get_nowait()

    def _record(self) -> list[BaseException]:
        """Record the outcomes that have come; the errors are returned that end the delivery."""
        errors: list[BaseException] = []
        # By their places: threads add to the end meanwhile, which an iterator does not survive.
        while together := [self._answers[place] for place in range(min(len(self._answers), RECORDED_TOGETHER))]:
            outcomes = [(answer.batch, cast("Outcome", answer.outcome)) for answer in together if not answer.error]
            if outcomes:
                self._means.record(outcomes)
            # Only now, so that what could not be recorded is tried once more when the delivery stops.
            for answer in together:
                self._answers.popleft()
                self._settled += 1
                if answer.error is None:
                    self._set_aside.saw_an_outcome()
                elif not self._set_aside.add(answer.batch, answer.error):
                    errors.append(answer.error)
            errors += self._tell() if outcomes else []
        return errors

    def _tell(self) -> list[BaseException]:
        try:
            self._means.tell()
        except Exception as error:  # noqa: BLE001 - raised by the caller, who has recorded what has come by then
            return [error]
        return []

    def _stop(self) -> None:
        self._is_stopped.set()
        try:
            self._record()
            while self._begun > self._settled and not self._is_too_late():
                self._await_answer(_LONGEST_WAIT)
                self._means.keep()
                self._record()
        except BabynamesError as error:
            _log.error("outcomes_unrecorded", error=str(error))
        if left := self._begun - self._settled:
            _log.warning("batches_left_in_doubt", batches=left, remedy="the next sync sends them again")

    def _is_too_late(self) -> bool:
        """Whether answers have been waited for as long as somebody who wants the process to end may have to."""
        if not self._asked.is_asked:
            return False
        if self._deadline is None:
            self._deadline = time.monotonic() + self._stop_seconds
        return time.monotonic() >= self._deadline
