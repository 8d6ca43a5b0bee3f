"""Tests of work that signals stop between two steps."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
import structlog

from babynames_assets.errors import FatalError
from babynames_assets.sync.stopping import Stop, StopAskedError, run_stoppable


class TerminatedError(BaseException):
    """What the handler of a signal raises."""


@contextmanager
def raising_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into an exception in the main thread."""

    def handle(_signal: int, _frame: FrameType | None) -> None:
        raise TerminatedError

    previous = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def terminated(work: Callable[[Stop], object], *, stop_seconds: float = 30.0) -> float:
    """Seconds that it takes to end work that sends SIGTERM to its own process."""
    began = time.monotonic()
    with raising_on_sigterm(), pytest.raises(TerminatedError):
        run_stoppable(work, stop_seconds=stop_seconds)
    return time.monotonic() - began


def terminate() -> None:
    """Send SIGTERM to this process."""
    os.kill(os.getpid(), signal.SIGTERM)


def test_the_result_is_that_of_the_work() -> None:
    """Also when it is None."""
    assert run_stoppable(lambda _stop: 7, stop_seconds=1) == 7
    assert run_stoppable(lambda _stop: None, stop_seconds=1) is None


def test_an_error_is_that_of_the_work() -> None:
    """Raised where it was asked for, with the place where it happened."""

    def work(_stop: Stop) -> None:
        raise FatalError("no disk")

    with pytest.raises(FatalError, match="no disk") as caught:
        run_stoppable(work, stop_seconds=1)

    assert any(entry.name == "work" for entry in caught.traceback)


def test_a_signal_never_interrupts_a_step() -> None:
    """It comes in the middle; the step is finished, and the next one is not begun."""
    steps: list[str] = []

    def work(stop: Stop) -> None:
        for number in range(100):
            stop.check()
            steps.append(f"begin {number}")
            if number == 2:
                terminate()
                while not stop.is_asked:
                    time.sleep(0.001)
            steps.append(f"end {number}")

    terminated(work)

    assert steps == ["begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"]


def test_the_exception_is_raised_when_the_work_has_stopped() -> None:
    """Whoever catches it finds everything put away."""
    put_away = threading.Event()

    def work(stop: Stop) -> None:
        terminate()
        try:
            stop.sleep(60)
        finally:
            put_away.set()

    seconds = terminated(work)

    assert put_away.is_set()
    assert seconds < 30


def test_work_that_does_not_stop_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process ends all the same."""
    monkeypatch.setattr("babynames_assets.sync.stopping._GRACE_SECONDS", 0.0)
    hangs = threading.Event()

    def work(_stop: Stop) -> None:
        terminate()
        hangs.wait(30)

    seconds = terminated(work, stop_seconds=0.05)

    assert seconds < 10
    hangs.set()


def test_a_second_signal_does_not_wait() -> None:
    """Somebody is impatient."""
    hangs = threading.Event()

    def work(stop: Stop) -> None:
        terminate()
        while not stop.is_asked:
            time.sleep(0.001)
        terminate()
        hangs.wait(30)

    seconds = terminated(work)

    assert seconds < 10
    hangs.set()


def test_a_stop_that_was_not_asked_for_lets_work_go_on() -> None:
    """And one that was does not, at once and for ever."""
    stop = Stop()
    stop.check()
    stop.sleep(0)

    stop.ask()

    with pytest.raises(StopAskedError):
        stop.check()
    with pytest.raises(StopAskedError):
        stop.sleep(60)


def test_log_lines_of_the_work_name_the_run() -> None:
    """What is bound in the caller's thread is bound there."""
    with structlog.contextvars.bound_contextvars(correlation_id="run 7"):
        seen = run_stoppable(lambda _stop: structlog.contextvars.get_contextvars(), stop_seconds=1)

    assert seen["correlation_id"] == "run 7"
