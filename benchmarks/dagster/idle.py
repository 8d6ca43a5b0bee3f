"""What Dagster's daemon and webserver take at rest, with their code servers, on the product's own code location."""

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.measure import CHECKOUT, BenchmarkError

_START_SECONDS = 300.0
_WORK_SECONDS = 600.0
_SETTLE_SECONDS = 60.0


@dataclass(frozen=True)
class Rest:
    """What a process and its children took.

    Attributes:
        cpu_share: of one core.
        rss_mib: at the end, shared pages counted in each of them.
        processes: how many.
    """

    cpu_share: float
    rss_mib: float
    processes: int


@dataclass(frozen=True)
class Idle:
    """What both took.

    Attributes:
        processes: by name.
        looks: of sensors, while they were watched.
    """

    processes: Mapping[str, Rest]
    looks: int


def measure(
    home: Path,
    environment: Mapping[str, str],
    *,
    is_done: Callable[[], bool],
    looks: Callable[[], int],
    seconds: float,
) -> Idle:
    """Start both, wait until the daemon has nothing left to do, let them settle, and watch them.

    Args:
        home: of the instance.
        environment: of both.
        is_done: whether what there was to do is done.
        looks: how many looks of sensors there were so far.
        seconds: how long they are watched.
    """
    port = _free_port()
    programs = {
        "daemon": ["-m", "dagster._daemon", "run", "-w", "workspace.yaml"],
        "webserver": ["-m", "dagster_webserver", "-w", "workspace.yaml", "-h", "127.0.0.1", "-p", str(port)],
    }
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(_running([sys.executable, *arguments], home / f"{name}.log", environment))
            for name, arguments in programs.items()
        }
        _wait_for(port)
        _wait_until(is_done, home / "daemon.log")
        time.sleep(_SETTLE_SECONDS)
        before = looks()
        processes = _watch(running, seconds)
        return Idle(processes, looks() - before)


def _watch(running: Mapping[str, psutil.Process], seconds: float) -> dict[str, Rest]:
    before = {name: _cpu_seconds(_family(process)) for name, process in running.items()}
    began = time.perf_counter()
    time.sleep(seconds)
    elapsed = time.perf_counter() - began
    found = {}
    for name, process in running.items():
        family = _family(process)
        rss = sum(one.memory_info().rss for one in family)
        share = (_cpu_seconds(family) - before[name]) / elapsed
        found[name] = Rest(round(share, 4), round(rss / 2**20, 1), len(family))
    return found


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _cpu_seconds(family: list[psutil.Process]) -> float:
    return float(sum(times.user + times.system for times in (one.cpu_times() for one in family)))


@contextmanager
def _running(command: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[psutil.Process]:
    with log.open("wb") as output:
        process = psutil.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=CHECKOUT, env=dict(environment)
        )
        try:
            yield process
        finally:
            family = _family(process)
            process.terminate()
            for one in psutil.wait_procs(family, timeout=30)[1]:
                one.kill()
            psutil.wait_procs(family, timeout=30)


def _wait_until(is_done: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + _WORK_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            end = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise BenchmarkError(f"The daemon did not come to rest within {_WORK_SECONDS:.0f} s:\n{end}")
        time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/server_info", timeout=5) as answer:
                if b"dagster_webserver_version" in answer.read():
                    return
        except OSError:
            time.sleep(0.5)
    raise BenchmarkError(f"The webserver did not answer within {_START_SECONDS:.0f} s.")
