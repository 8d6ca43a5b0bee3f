"""Tests of how a process is recognised, by real processes."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import psutil
import pytest

from babynames_assets.instance.workers import Worker, from_text, is_alive, this_worker

_DESCRIBE = (
    "from babynames_assets.instance.workers import this_worker; import sys; "
    "print(this_worker().as_text(), flush=True); sys.stdin.read()"
)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """A process that describes itself, and then waits."""
    with subprocess.Popen(
        [sys.executable, "-c", _DESCRIBE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def described(process: subprocess.Popen[str]) -> Worker:
    """What the process says of itself."""
    assert process.stdout is not None
    return from_text(process.stdout.readline())


def test_this_process_is_alive() -> None:
    """And it is known by its number and its beginning."""
    assert is_alive(this_worker()) is True


def test_a_stopped_process_is_alive(process: subprocess.Popen[str]) -> None:
    """However long it is stopped, starved or waiting: it may go on."""
    worker = described(process)
    process.send_signal(signal.SIGSTOP)

    assert is_alive(worker) is True


def test_a_killed_process_is_dead_before_its_parent_has_collected_it(process: subprocess.Popen[str]) -> None:
    """The number of a zombie is still taken."""
    worker = described(process)
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([psutil.Process(process.pid)], timeout=0)
    while psutil.pid_exists(process.pid) and psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        pass

    assert is_alive(worker) is False
    process.wait()
    assert is_alive(worker) is False


def test_another_process_with_the_same_number_is_not_taken_for_it() -> None:
    """Numbers are used again."""
    worker = this_worker()

    assert is_alive(replace(worker, started=worker.started - 1)) is False


def test_a_process_elsewhere_cannot_be_seen() -> None:
    """On another machine, after another boot, in another container, or on a system that does not tell."""
    worker = this_worker()

    assert is_alive(replace(worker, place="another boot pid:[1]")) is None
    assert is_alive(replace(worker, place="")) is None
    assert is_alive(replace(worker, place=""), here=lambda: "") is None


def test_a_worker_survives_the_way_through_text() -> None:
    """As it is kept in Dagster's key-value store."""
    worker = this_worker().next_beat()

    assert from_text(worker.as_text()) == worker
    assert worker.beat == 1
