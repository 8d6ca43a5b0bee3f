"""The yearly release: the calls that the sync makes of it, beside those that the difference of the two files needs."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from babynames_assets.hubspot.contact_writes import MAX_BATCH
from benchmarks import datasets
from benchmarks.datasets import Release
from benchmarks.measure import BenchmarkError
from benchmarks.sync import hubspot
from benchmarks.sync.hubspot import NO_LIMITS, EmulatedHubSpot
from benchmarks.sync.syncs import sync
from benchmarks.sync.warehouses import Warehouses

_WRITES = ("batch/upsert", "batch/archive", "/search", "batch/read")
"""Calls that concern contacts; the others read the account and its properties, a handful a run."""

_OPTIONS = ("--tier", "api_limit_increase", "--unlimited")


class Difference(NamedTuple):
    """How two releases differ, in rows."""

    new: int
    changed: int
    gone: int

    @property
    def calls(self) -> int:
        """The fewest that bring it to HubSpot: full batches of what is written, and of what is archived."""
        return math.ceil((self.new + self.changed) / MAX_BATCH) + math.ceil(self.gone / MAX_BATCH)


@dataclass(frozen=True)
class ReleaseStep:
    """What was found.

    Attributes:
        difference: of the two files.
        calls: that concern contacts.
        other_calls: those that read the account and its properties.
    """

    difference: Difference
    calls: int
    other_calls: int


def difference(first: Path, second: Path) -> Difference:
    """Compare two CSV files row by row, without anything of the product."""
    before = {(year, sex, name): births for year, name, sex, births in datasets.rows_of(first)}
    new = changed = 0
    for year, name, sex, births in datasets.rows_of(second):
        known = before.pop((year, sex, name), None)
        new += known is None
        changed += known is not None and known != births
    return Difference(new, changed, len(before))


def measure(first: Release, second: Release, warehouses: Warehouses, *, folder: Path, log: Path) -> ReleaseStep:
    """Bring an account to one release, then to the next, and count the calls of the second sync.

    Args:
        first: the release that HubSpot holds.
        second: the one that follows.
        warehouses: where the rows are loaded.
        folder: for state.
        log: for what the processes print.

    Raises:
        BenchmarkError: HubSpot does not hold the second release afterwards.
    """
    years = list(range(first.years[0], second.years[1] + 1))
    with warehouses.holding(first, until=years[-1]) as warehouse, hubspot.running(NO_LIMITS) as account:
        sync("first_release", warehouse.url, account, years, *_OPTIONS, folder=folder, log=log)
        warehouses.load(second, warehouse.url, folder / "second")
        account.count_anew()
        sync("next_release", warehouse.url, account, years, *_OPTIONS, folder=folder, log=log)
        made, others = _calls(account)
        if account.stats()["contacts"] != second.content.rows or warehouse.synced() != second.content.rows:
            raise BenchmarkError(f"HubSpot does not hold the {second.content.rows} rows of the second release.")
    return ReleaseStep(difference(first.csv, second.csv), made, others)


def _calls(account: EmulatedHubSpot) -> tuple[int, int]:
    by_path = account.stats()["by_path"]
    made = sum(number for path, number in by_path.items() if path.endswith(_WRITES))
    return made, sum(by_path.values()) - made
