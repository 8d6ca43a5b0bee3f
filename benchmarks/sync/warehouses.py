"""Fresh warehouses on one kind of database, filled as this project fills them."""

import csv
import multiprocessing
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from babynames_assets.sync.contacts import MAPPING
from babynames_assets.warehouse import sync_differences
from babynames_assets.warehouse.engine import Connection, connect, open_engine
from babynames_assets.warehouse.migrations import up
from babynames_assets_tests.servers.kinds import Kind
from benchmarks import datasets
from benchmarks.datasets import Release
from benchmarks.measure import run
from benchmarks.servers import running

SQLITE = "sqlite"
KINDS = (SQLITE, *(kind.value for kind in Kind))

_UNSETTLED = (
    "SELECT n.year, n.sex, n.name FROM baby_names n LEFT JOIN contact_sync_state s "
    "ON s.year = n.year AND s.sex = n.sex AND s.name = n.name WHERE COALESCE(s.status, '') <> 'synced'"
)

Empty = Callable[[tuple[int, int]], AbstractContextManager[str]]
"""From the years to the URL of an empty warehouse, which is gone after its block."""


@dataclass(frozen=True)
class Filled:
    """A warehouse of which HubSpot knows nothing yet.

    Attributes:
        url: SQLAlchemy URL.
        release: its rows.
    """

    url: str
    release: Release

    @property
    def years(self) -> list[int]:
        """Its partitions."""
        first, last = self.release.years
        return list(range(first, last + 1))

    def synced(self) -> int:
        """How many contacts HubSpot holds, as the state says."""
        with self._connected() as connection:
            return sync_differences.counts(connection, None, MAPPING).synced

    def unsettled(self) -> set[str]:
        """The keys of contacts of which the state does not say that HubSpot holds them."""
        with self._connected() as connection:
            return {f"{year}-{sex}-{name}" for year, sex, name in connection.exec_driver_sql(_UNSETTLED)}

    def wanted(self) -> dict[str, str]:
        """What HubSpot should hold: births by key."""
        with self.release.csv.open(encoding="utf-8", newline="") as file:
            return {f"{row['YearOfBirth']}-{row['Sex']}-{row['Name']}": row["Number"] for row in csv.DictReader(file)}

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = open_engine(SecretStr(self.url))
        try:
            with connect(engine) as connection:
                yield connection
        finally:
            engine.dispose()


class Warehouses:
    """Makes warehouses, each for one measurement."""

    def __init__(self, empty: Empty, folder: Path, log: Path) -> None:
        self._empty, self._folder, self._log = empty, folder, log

    @contextmanager
    def filled(self, rows: int) -> Iterator[Filled]:
        """One with about so many generated rows; it is gone after the block."""
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            folder = Path(name)
            # In a process of its own: what this process grows to is the least that can be measured of another.
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as worker:
                release = worker.submit(datasets.single, folder / "release", rows).result()
            with self.holding(release, until=release.years[1]) as warehouse:
                yield warehouse

    @contextmanager
    def holding(self, release: Release, *, until: int) -> Iterator[Filled]:
        """One with a release, and partitions up to a year; it is gone after the block."""
        with tempfile.TemporaryDirectory(dir=self._folder) as name, self._empty((release.years[0], until)) as url:
            self.load(release, url, Path(name))
            yield Filled(url, release)

    def load(self, release: Release, url: str, state: Path) -> None:
        """Bring a warehouse to a release, as this project does."""
        place = ["--state", str(state), "--url", url, "--archive", str(release.archive)]
        run("load", [sys.executable, "-m", "benchmarks.ours", *place], log=self._log)


@contextmanager
def on(kind: str, folder: Path, log: Path) -> Iterator[Warehouses]:
    """Warehouses on SQLite files, or on a private server as it ships.

    Args:
        kind: one of KINDS.
        folder: for files.
        log: for what the loads print.
    """
    if kind == SQLITE:
        yield Warehouses(partial(_sqlite, folder), folder, log)
        return
    with running(Kind(kind)) as server:
        yield Warehouses(server.warehouse, folder, log)


@contextmanager
def _sqlite(folder: Path, _years: tuple[int, int]) -> Iterator[str]:
    with tempfile.TemporaryDirectory(dir=folder) as name:
        url = f"sqlite:///{Path(name) / 'warehouse.sqlite'}"
        engine = open_engine(SecretStr(url))
        try:
            up(engine)
        finally:
            engine.dispose()
        yield url
