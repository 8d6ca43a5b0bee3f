"""A warehouse with names in it, and a HubSpot to bring them to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
import pytest

from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.sync.push import push_years
from babynames_assets.sync.report import PushOptions, PushReport
from babynames_assets.warehouse import baby_names, letter_queries, sync_differences
from babynames_assets.warehouse.baby_names import SCHEMA
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.letter_queries import LetterFilter, StoredLetter
from babynames_assets.warehouse.letter_status import UNSETTLED
from babynames_assets.warehouse.sync_differences import SyncCounts
from babynames_assets.warehouse.tables import METADATA
from babynames_assets_tests.hubspot.emulated import Emulated, emulated_hubspot

ARCHIVE = PushOptions(requests_in_flight=4, removed_contacts="archive", max_archive_share=0.5)


@dataclass
class Sync:
    """The table on one side, HubSpot on the other, and the push between them."""

    engine: Engine
    hubspot: Emulated
    client: HubSpotClient

    def begin_anew(self) -> None:
        """Empty both sides: an example of hypothesis must not depend on those before it."""
        self.hubspot.reset()
        with self.engine.begin() as connection:
            for table in reversed(METADATA.sorted_tables):
                connection.execute(table.delete())

    def load(self, year: int, births: Mapping[str, int]) -> None:
        """Make the year of the table hold these girls' names."""
        rows = [(year, "F", name, number) for name, number in births.items()]
        frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
        run_in_transaction(
            self.engine, lambda connection: baby_names.load_year(connection, year, frame, max_delete_share=1.0)
        )

    def empty(self, year: int) -> None:
        """Delete the year's rows behind the loader's back."""
        run_in_transaction(
            self.engine,
            lambda connection: connection.exec_driver_sql(f"DELETE FROM baby_names WHERE year = {year}").close(),
        )

    def push(self, *years: int, options: PushOptions = ARCHIVE, **changes: object) -> PushReport:
        """Bring HubSpot to the table."""
        client = self.hubspot.client(**changes) if changes else self.client
        return push_years(self.engine, client, years, run_id="test", options=options, on_batch=lambda _report: None)

    def counts(self) -> SyncCounts:
        """Where all contacts stand."""
        with connect(self.engine) as connection:
            return sync_differences.counts(connection, None, MAPPING)

    def letters(self) -> list[StoredLetter]:
        """The open dead letters."""
        with connect(self.engine) as connection:
            return letter_queries.page(connection, LetterFilter(service="sync", statuses=UNSETTLED), limit=1000)


@pytest.fixture(scope="package")
def running_hubspot() -> Iterator[Emulated]:
    """One emulator for all tests of the push, without limits in the way."""
    with emulated_hubspot(calls_per_window=0, daily_limit=0) as emulated:
        yield emulated


@pytest.fixture
def sync(engine: Engine, running_hubspot: Emulated) -> Iterator[Sync]:
    """An empty warehouse, on SQLite, MySQL and MariaDB in turn, and an empty HubSpot."""
    yield from _sync(engine, running_hubspot)


@pytest.fixture
def sqlite_sync(sqlite_engine: Engine, running_hubspot: Emulated) -> Iterator[Sync]:
    """The same on SQLite alone, where the database makes no difference."""
    yield from _sync(sqlite_engine, running_hubspot)


def _sync(engine: Engine, running_hubspot: Emulated) -> Iterator[Sync]:
    running_hubspot.reset()
    client = running_hubspot.client()
    yield Sync(engine, running_hubspot, client)
    client.close()
