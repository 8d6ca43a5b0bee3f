"""Times whole processes: from start to exit, with the CPU and the memory that the kernel counted for them."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

CHECKOUT = Path(__file__).parents[1]
_RSS_UNIT = 1 if sys.platform == "darwin" else 1024
_LAST_LINES = 15


class BenchmarkError(Exception):
    """A contestant failed, or did not load the rows; the message says which and why."""


@dataclass(frozen=True)
class Sample:
    """One run of one process.

    Attributes:
        seconds: from start to exit.
        cpu_seconds: the process's own CPU, user and system, with the children that it waited for.
        server_cpu_seconds: the database server's CPU meanwhile; None where the machine does not tell.
        rss_bytes: the most memory that the process had at one time.
        phases: seconds of each phase that the process told of itself.
    """

    seconds: float
    cpu_seconds: float
    server_cpu_seconds: float | None
    rss_bytes: int
    phases: Mapping[str, float] = field(default_factory=dict)

    def then(self, other: "Sample") -> "Sample":
        """This process and another after it, as one thing."""
        pair = (self.server_cpu_seconds, other.server_cpu_seconds)
        return Sample(
            seconds=self.seconds + other.seconds,
            cpu_seconds=self.cpu_seconds + other.cpu_seconds,
            server_cpu_seconds=None if None in pair else sum(part or 0.0 for part in pair),
            rss_bytes=max(self.rss_bytes, other.rss_bytes),
        )


class Samples:
    """All runs of everything, by name, in the order in which the names came up."""

    def __init__(self) -> None:
        self._samples: dict[str, list[Sample]] = {}

    def add(self, name: str, sample: Sample) -> None:
        """Keep a run."""
        self._samples.setdefault(name, []).append(sample)

    def names(self) -> list[str]:
        """What was measured."""
        return list(self._samples)

    def seconds(self, name: str) -> float:
        """Median time of a thing."""
        return median(sample.seconds for sample in self._samples[name])

    def rss_bytes(self, name: str) -> float:
        """Median peak memory of a thing."""
        return median(sample.rss_bytes for sample in self._samples[name])

    def phases(self, name: str) -> dict[str, float]:
        """Median seconds of each phase of a thing, and of what came before its end and after its last phase."""
        samples = [sample for sample in self._samples[name] if sample.phases]
        if not samples:
            return {}
        told = {phase: median(sample.phases[phase] for sample in samples) for phase in samples[0].phases}
        end = median(sample.seconds - sum(sample.phases.values()) for sample in samples)
        return {phase: round(seconds, 3) for phase, seconds in {**told, "end": end}.items()}

    def medians(self, name: str) -> dict[str, float | int | None]:
        """The medians of a thing, rounded for a reader, and each run's time."""
        samples = self._samples[name]
        server = [sample.server_cpu_seconds for sample in samples if sample.server_cpu_seconds is not None]
        return {
            "seconds": round(self.seconds(name), 3),
            "cpu_seconds": round(median(sample.cpu_seconds for sample in samples), 3),
            "server_cpu_seconds": round(median(server), 3) if server else None,
            "rss_bytes": int(self.rss_bytes(name)),
            "fastest_seconds": round(min(sample.seconds for sample in samples), 3),
            "slowest_seconds": round(max(sample.seconds for sample in samples), 3),
            "runs": len(samples),
        }


def run(
    name: str,
    command: list[str],
    *,
    log: Path,
    server_cpu: Callable[[], float | None] = lambda: None,
    environment: Mapping[str, str] | None = None,
    limit_seconds: float = 1200,
) -> Sample:
    """Run a process to its end and say what it took.

    Args:
        name: what it is, for a message.
        command: program and arguments; it runs in the checkout.
        log: what it prints is added to this file.
        server_cpu: CPU seconds that the database server has used so far.
        environment: variables besides this process's own.
        limit_seconds: after so long it is killed.

    Raises:
        BenchmarkError: it failed; the message has the end of what it printed.
    """
    # The kernel counts this process's memory as the child's until the child runs its own program: it has to stay
    # smaller than what it measures, so nothing here imports Polars.
    with log.open("ab") as output:
        before, started = server_cpu(), time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=CHECKOUT, env=_with(environment)
        )
        timer = threading.Timer(limit_seconds, process.kill)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        raise BenchmarkError(f"{name} ended with {process.returncode} after {seconds:.0f} s:\n" + "\n".join(said))
    after = server_cpu()
    return Sample(
        seconds=seconds,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        server_cpu_seconds=None if before is None or after is None else after - before,
        rss_bytes=usage.ru_maxrss * _RSS_UNIT,
    )


def _with(changes: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, **(changes or {})}
