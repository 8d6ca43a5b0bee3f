"""Dagster's real daemon, with a code server, on an installation of its own; everything ends with the context."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psutil
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._grpc.client import DagsterGrpcClient

from babynames_assets.jobs.freshness import check_freshness_job
from babynames_assets.partitions import tagged_years

CHECKOUT = Path(__file__).parents[2]
SECONDS_TO_START, SECONDS_TO_END = 120, 20
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Run:
    """A run, as the instance's log tells it."""

    started_by: str
    assets: tuple[str, ...]
    years: tuple[int, ...]
    status: str

    def __str__(self) -> str:
        years = f" {self.years[0]}-{self.years[-1]}" if self.years else ""
        return f"{self.started_by}: {', '.join(self.assets)}{years}: {self.status}"


@dataclass(frozen=True)
class Daemon:
    """A running daemon and the books of its instance."""

    instance: dg.DagsterInstance
    process: "subprocess.Popen[bytes]"
    log: Path

    def runs(self) -> list[Run]:
        """Every run so far, the oldest first, but for looks at freshness, which come with the clock."""
        runs = [run for run in reversed(self.instance.get_runs()) if run.job_name != check_freshness_job.name]
        return [_as_run(run) for run in runs]

    def ticks(self, sensor: str) -> int:
        """How often a sensor was looked at."""
        states = [state for state in self.instance.all_instigator_state() if state.instigator_name == sensor]
        return sum(len(self.instance.get_ticks(one.instigator_origin_id, one.selector_id)) for one in states)

    def wait(self, condition: Callable[[], bool], *, what: str, seconds: float) -> None:
        """Wait for something that the daemon brings about.

        Raises:
            AssertionError: it did not, or the daemon ended; with the end of the daemon's log.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            runs = "\n".join(str(run) for run in self.runs())
            assert self.process.poll() is None, f"The daemon ended.\n{self._end_of_log()}"
            assert time.monotonic() < deadline, f"{what}: not within {seconds} s.\n{runs}\n{self._end_of_log()}"
            time.sleep(POLL_SECONDS)

    def wait_for_ticks(self, *sensors: str, more: int, seconds: float) -> None:
        """Wait until each sensor was looked at so many times more."""
        wanted = {name: self.ticks(name) + more for name in sensors}
        self.wait(
            lambda: all(self.ticks(name) >= ticks for name, ticks in wanted.items()),
            what=f"{more} more ticks of {', '.join(sensors)}",
            seconds=seconds,
        )

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])


@contextmanager
def running_daemon(home: Path, module: str, environment: Mapping[str, str]) -> Iterator[Daemon]:
    """Run ``dagster-daemon`` on a module's definitions, as a supervisor does.

    Args:
        home: the instance's folder, with its dagster.yaml.
        module: holds the definitions.
        environment: the settings of the installation.
    """
    log = home / "daemon.log"
    command = [sys.executable, "-m", "dagster._daemon", "run", "-m", module, "-d", str(CHECKOUT)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env={**os.environ, **environment, "DAGSTER_HOME": str(home)},
            cwd=CHECKOUT,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
        )
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            yield Daemon(instance, process, log)
    finally:
        _end(process)


@contextmanager
def running_code_server(module: str) -> Iterator[int]:
    """Serve a module's definitions, as a deployment does that keeps its code apart; yields the port.

    It needs no signs of life from the daemon, so that a machine that stands still for a while does not end it.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dagster", "api", "grpc", "-m", module, "-d", str(CHECKOUT), "-p", str(port)]
    process = subprocess.Popen(
        command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while not _answers(port):
            assert process.poll() is None, "The code server ended."
            assert time.monotonic() < deadline, "The code server did not start."
            time.sleep(POLL_SECONDS)
        yield port
    finally:
        _end(process)


def _answers(port: int) -> bool:
    try:
        DagsterGrpcClient(port=port, host="localhost").ping("")
    except DagsterUserCodeUnreachableError:
        return False
    return True


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the daemon, and then what it had started: its code server, and runs that are under way."""
    children = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
    process.terminate()
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for child in children:
        if child.is_running():
            child.kill()
    psutil.wait_procs(children, timeout=SECONDS_TO_END)


def _as_run(run: dg.DagsterRun) -> Run:
    tags = run.tags
    return Run(
        started_by=tags.get("dagster/sensor_name") or tags.get("dagster/schedule_name") or "somebody",
        assets=tuple(sorted("/".join(key.path) for key in run.asset_selection or ())) or (run.job_name,),
        years=tuple(sorted(int(year) for year in tagged_years(tags))),
        status=run.status.value,
    )
