"""A whole installation for one test: emulators over HTTP, a warehouse, a Dagster instance on disk."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from babynames_assets.definitions import defs
from babynames_assets.emulators import dataset, kaggle, kaggle_versions, serving
from babynames_assets.partitions import range_tags
from babynames_assets.settings import Settings, load_settings
from babynames_assets.warehouse import baby_names, letter_queries
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.letter_queries import LetterFilter, StoredLetter
from babynames_assets.warehouse.letter_status import UNSETTLED
from babynames_assets_tests.environment import clear_settings, logging_as_it_was
from babynames_assets_tests.hubspot.emulated import TOKEN, Emulated, emulated_hubspot

DATASET = "owner/names"
# Dagster starts two processes for each run, which copy what is printed to files: a third of the time of a test.
WITHOUT_TAILS = {
    "compute_logs": {
        "module": "dagster._core.storage.noop_compute_log_manager",
        "class": "NoOpComputeLogManager",
    }
}
YEARLY = ("validated/baby_names", "warehouse/baby_names", "hubspot/contacts")


@dataclass(frozen=True)
class Installation:
    """What a test may use: the folder, HubSpot, the warehouse, and Dagster."""

    folder: Path
    hubspot: Emulated
    engine: Engine
    instance: dg.DagsterInstance

    @property
    def settings(self) -> Settings:
        """The settings that every run of this installation reads."""
        return load_settings()

    def release(self, *, revision: int = 0) -> dataset.Generated:
        """Publish a generated release of three years, and one year more for each revision, on Kaggle."""
        file = self.folder / f"release-{revision}.csv"
        truth = dataset.generate(file, seed=7, first_year=2001, last_year=2003, rows=300, revision=revision)
        kaggle_versions.publish(self.folder / "kaggle", file)
        return truth

    def publish(self, text: str) -> None:
        """Publish a file of this text on Kaggle."""
        file = self.folder / "written.csv"
        file.write_text(text, encoding="utf-8")
        kaggle_versions.publish(self.folder / "kaggle", file)

    def run(
        self,
        *assets: str,
        years: tuple[int, int] | None = None,
        raise_on_error: bool = True,
        config: dict[str, Any] | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> dg.ExecuteInProcessResult:
        """Materialize some assets in one run, as the UI does: all years of a range in that run.

        Args:
            assets: as place/thing.
            years: first and last partition.
            raise_on_error: whether a failed run raises.
            config: run config of ops, by their names.
            tags: more tags of the run.
        """
        return (
            defs.get_repository_def()
            .get_implicit_global_asset_job_def()
            .execute_in_process(
                instance=self.instance,
                asset_selection=[dg.AssetKey(asset.split("/")) for asset in assets],
                tags={**(range_tags(*years) if years else {}), **(tags or {})},
                run_config={"ops": {name: {"config": values} for name, values in (config or {}).items()}},
                raise_on_error=raise_on_error,
            )
        )

    def run_everything(self, first: int, last: int) -> dg.ExecuteInProcessResult:
        """Acquire the newest version, then bring these years to it."""
        self.run("raw/baby_names_csv")
        return self.run(*YEARLY, years=(first, last))

    def metadata(self, asset: str, partition: str | None = None) -> dict[str, Any]:
        """The metadata of an asset's newest materialization."""
        records = self.instance.fetch_materializations(
            dg.AssetRecordsFilter(
                asset_key=dg.AssetKey(asset.split("/")), asset_partitions=[partition] if partition else None
            ),
            limit=1,
        ).records
        materialization = records[0].asset_materialization
        assert materialization is not None
        return {name: value.value for name, value in materialization.metadata.items()}

    def table(self, year: int) -> pl.DataFrame:
        """The rows of a year of the warehouse."""
        with connect(self.engine) as connection:
            return baby_names.read_year(connection, year)

    def rows(self) -> int:
        """All rows of the warehouse."""
        with connect(self.engine) as connection:
            return baby_names.count_rows(connection)

    def letters(self) -> list[StoredLetter]:
        """The open dead letters of lines."""
        with connect(self.engine) as connection:
            return letter_queries.page(connection, LetterFilter(service="import", statuses=UNSETTLED), limit=1000)


@pytest.fixture(scope="package")
def running_hubspot() -> Iterator[Emulated]:
    """One emulated HubSpot for all tests of the shell."""
    with emulated_hubspot(daily_limit=10**9) as emulated:
        yield emulated


@pytest.fixture
def installation(
    engine: Engine, warehouse_url: str, running_hubspot: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """An installation on SQLite, MySQL and MariaDB in turn."""
    yield from _install(engine, warehouse_url, running_hubspot, tmp_path, monkeypatch)


@pytest.fixture
def sqlite_installation(
    sqlite_engine: Engine, sqlite_url: str, running_hubspot: Emulated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    """The same on SQLite alone, where the database makes no difference."""
    yield from _install(sqlite_engine, sqlite_url, running_hubspot, tmp_path, monkeypatch)


def _install(
    engine: Engine, url: str, hubspot: Emulated, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installation]:
    hubspot.reset()
    clear_settings(monkeypatch, folder)
    # A step that fails is tried again at once: a test would else wait a minute and a half for each failure.
    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", lambda _policy, _attempt: 0.0)
    with ExitStack() as stack:
        stack.enter_context(logging_as_it_was())
        kaggle_app = kaggle.create_app(folder / "kaggle", dataset=DATASET, token=None)
        values = {
            "STATE_FOLDER": str(folder / "state"),
            "WAREHOUSE__URL": url,
            "KAGGLE__DATASET": DATASET,
            "KAGGLE__BASE_URL": stack.enter_context(serving.running(kaggle_app)),
            "INGEST__FIRST_YEAR": "2001",
            "QUALITY__MAX_REJECTED_SHARE": "0.2",  # the generated releases are small, and their bad lines as many
            "HUBSPOT__BASE_URL": hubspot.url,
            "HUBSPOT__TOKEN": TOKEN,
            "HUBSPOT__TIER": "api_limit_increase",
            "AUTOMATION__ENABLED": "true",
            "AUTOMATION__RETRY_SECONDS": "0.000001",  # what failed is asked for again at once
            "AUTOMATION__MAX_RETRY_SECONDS": "0.000001",
        }
        for name, value in values.items():
            monkeypatch.setenv(f"BABYNAMES_{name}", value)
        instance = stack.enter_context(dg.DagsterInstance.local_temp(str(folder), overrides=WITHOUT_TAILS))
        yield Installation(folder, hubspot, engine, instance)
