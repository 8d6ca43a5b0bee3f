"""Whether the process that executes a run still lives.

Where the process can be looked at, which is on its own machine in its own container, that decides, at once and in both
directions: one that is stopped, starved or waits for a database is alive. From elsewhere its signs of life decide: see
``vigil.py``.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

_PROCESSES = Path("/proc")
_ENDED = ("Z", "X")  # killed, and not yet collected by its parent


@dataclass(frozen=True)
class Worker:
    """The process of a run.

    Attributes:
        place: the boot of the machine and the container; empty where the system does not tell.
        pid: its number there.
        started: the tick of the machine's clock at which it began: numbers are used again.
        beat: counts its signs of life.
    """

    place: str
    pid: int
    started: int
    beat: int = 0

    def as_text(self) -> str:
        """For Dagster's key-value store."""
        return json.dumps(asdict(self))

    def next_beat(self) -> "Worker":
        """The same, a sign of life later."""
        return replace(self, beat=self.beat + 1)


def from_text(text: str) -> Worker:
    """The reverse of ``as_text``."""
    return Worker(**json.loads(text))


def this_worker() -> Worker:
    """This process."""
    pid = os.getpid()
    return Worker(place=this_place(), pid=pid, started=_started(pid) or 0)


def this_place() -> str:
    """Where this process can look at others; empty where it cannot."""
    try:
        boot = (_PROCESSES / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {(_PROCESSES / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def is_alive(worker: Worker, *, here: Callable[[], str] = this_place) -> bool | None:
    """Whether a worker lives; None when that cannot be seen from here.

    Args:
        worker: as it described itself.
        here: where this process is.
    """
    if not worker.place or worker.place != here():
        return None
    return _started(worker.pid) == worker.started


def _started(pid: int) -> int | None:
    """When a process began; None when there is none that runs."""
    try:
        status = (_PROCESSES / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # After the name, which is in brackets and may hold anything: the state, and 19 fields further the beginning.
    fields = status.rpartition(")")[2].split()
    return None if fields[0] in _ENDED else int(fields[19])
