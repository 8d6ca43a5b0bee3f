"""All that is measured of the sync on one database, one thing after the other."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import datasets
from benchmarks.datasets import FULL_ROWS
from benchmarks.goals import Miss, missed
from benchmarks.sync import allowance, beside, engine, release_step, warehouses
from benchmarks.sync.allowance import TIERS
from benchmarks.sync.contestants import Drt, Ours, missing_drt
from benchmarks.sync.goals import GOALS, named
from benchmarks.sync.warehouses import Warehouses

_MIB = 2**20
_DIGITS = 4


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        seconds: how long two processes send at each limit.
        pending: rows of the table for the engine.
        batches: batches after which the engine is told to end.
        contacts: those that are sent beside drt.
    """

    seconds: float
    pending: int
    batches: int
    contacts: int


class Archives(NamedTuple):
    """Two releases of the user's, as for ``make bench``."""

    first: Path | None = None
    second: Path | None = None


NO_ARCHIVES = Archives()
FULL = Sizes(seconds=60, pending=FULL_ROWS, batches=4000, contacts=20_000)
QUICK = Sizes(seconds=32, pending=200_000, batches=600, contacts=2_000)


def measure(
    kind: str,
    sizes: Sizes,
    peers_python: Path,
    say: Callable[[str], None],
    *,
    limits: Sequence[int] = tuple(TIERS),
    archives: Archives = NO_ARCHIVES,
) -> tuple[dict[str, Any], list[Miss]]:
    """Measure everything, on fresh warehouses of one kind.

    Args:
        kind: of database.
        sizes: how much.
        peers_python: the interpreter that has drt.
        say: takes a line for a person.
        limits: calls in ten seconds at which the allowance is measured.
        archives: the user's releases for the yearly step.

    Returns:
        What the JSON line says, and the goals that are missed.

    Raises:
        BenchmarkError: a process failed, or did not do its work.
    """
    missing = missing_drt(peers_python)
    with tempfile.TemporaryDirectory(prefix="babynames-bench-sync-") as name:
        folder = Path(name)
        log = folder / "log"
        with warehouses.on(kind, folder, log) as on_it:
            found: dict[str, Any] = {}
            for limit in limits:
                found |= _allowance(limit, sizes, on_it, folder, log)
                say(f"{kind} at {limit} calls in 10 s: {found[named('sync_allowance_share', limit)]:.1%} used")
            found |= _engine(sizes, on_it, folder, log)
            say(f"{kind} engine: {found['engine_batches_per_second']} batches/s, {found['memory_mib']} MiB")
            found |= _step(sizes, archives, on_it, folder, log)
            say(f"{kind} next release: {found['step_calls']} calls, {found['step_calls_needed']} are needed")
            found |= _beside(sizes, on_it, None if missing else peers_python, folder, log)
    about = {"server": kind, **asdict(sizes), "peers_unavailable": {"drt": missing} if missing else {}}
    goals = [goal for goal in GOALS if not goal.measure.startswith("sync_") or goal.measure in found]
    return {**found, "run": about}, missed(kind, found, excused={}, goals=goals)


def _allowance(limit: int, sizes: Sizes, on_it: Warehouses, folder: Path, log: Path) -> dict[str, Any]:
    found = allowance.measure(limit, sizes.seconds, on_it, folder=folder, log=log)
    return {
        named("sync_allowance_share", limit): round(found.share, _DIGITS),
        named("sync_429", limit): found.refused,
        named("sync_steady_seconds", limit): round(found.steady_seconds, 1),
        named("sync_most_in_window", limit): found.most_in_window,
    }


def _engine(sizes: Sizes, on_it: Warehouses, folder: Path, log: Path) -> dict[str, Any]:
    found = engine.measure(sizes.pending, sizes.batches, on_it, folder=folder, log=log)
    return {
        "engine_batches_per_second": round(found.per_second, 1),
        "engine_batches_per_cpu_second": round(found.per_cpu_second, 1),
        "engine_batches": found.batches,
        "memory_mib": round(found.rss_bytes / _MIB, 1),
        "memory_pending": found.pending,
    }


def _step(sizes: Sizes, archives: Archives, on_it: Warehouses, folder: Path, log: Path) -> dict[str, Any]:
    place = folder / "releases"
    place.mkdir()
    first, second = datasets.pair(place, archive=archives.first, step=archives.second, rows=sizes.pending)
    found = release_step.measure(first, second, on_it, folder=folder, log=log)
    return {
        "step_calls": found.calls,
        "step_calls_needed": found.difference.calls,
        "step_calls_beyond_need": found.calls - found.difference.calls,
        "step_other_calls": found.other_calls,
        "step_difference": found.difference._asdict(),
    }


def _beside(sizes: Sizes, on_it: Warehouses, drt: Path | None, folder: Path, log: Path) -> dict[str, Any]:
    contestants: list[beside.Contestant] = [Ours(), *([Drt(drt, log)] if drt else [])]
    compared = {
        one.name: beside.compare(one, sizes.contacts, on_it, folder=folder, log=log).as_json() for one in contestants
    }
    ours = compared["ours"]
    return {"storm_lost": ours["storm_lost"], "storm_unexplained": ours["storm_unexplained"], "beside": compared}
