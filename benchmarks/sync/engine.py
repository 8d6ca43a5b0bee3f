"""What the sync itself can carry: batches in a second, and its memory, with nothing to wait for.

One process, an account without limits that answers at once, and the whole history pending. It is told to end after so
many batches, because the emulator keeps every contact in memory; what is pending stays in the table, where the sync
looks for it, and its memory does not grow with what it has sent.
"""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import BenchmarkError
from benchmarks.sync import hubspot
from benchmarks.sync.hubspot import NO_LIMITS
from benchmarks.sync.syncs import sync
from benchmarks.sync.warehouses import Warehouses

UPSERT = "batch/upsert"
_LARGEST_TIER = "api_limit_increase"
"""The subscription for which the most calls are made side by side."""


@dataclass(frozen=True)
class Engine:
    """What was found.

    Attributes:
        pending: contacts to be sent at the beginning.
        batches: those that were sent and recorded.
        per_second: batches in a second.
        per_cpu_second: batches in a second of the process's own CPU.
        rss_bytes: the most memory that the process had at one time.
    """

    pending: int
    batches: int
    per_second: float
    per_cpu_second: float
    rss_bytes: int


def measure(rows: int, batches: int, warehouses: Warehouses, *, folder: Path, log: Path) -> Engine:
    """Sync until so many batches are recorded.

    Args:
        rows: about so many contacts are pending.
        batches: how many to send.
        warehouses: where the rows come from.
        folder: for state.
        log: for what the process prints.
    """
    options = ["--tier", _LARGEST_TIER, "--unlimited", "--batches", str(batches)]
    with warehouses.filled(rows) as warehouse, hubspot.running(NO_LIMITS) as account:
        done = sync("engine", warehouse.url, account, warehouse.years, *options, folder=folder, log=log)
        stats, synced = account.stats(), warehouse.synced()
    sent = sum(number for path, number in stats["by_path"].items() if path.endswith(UPSERT))
    if stats["contacts"] != synced:
        raise BenchmarkError(f"HubSpot holds {stats['contacts']} contacts, the state says that it holds {synced}.")
    return Engine(
        pending=warehouse.release.content.rows,
        batches=sent,
        per_second=sent / done.told.seconds,
        per_cpu_second=sent / done.told.cpu_seconds,
        rss_bytes=done.sample.rss_bytes,
    )
