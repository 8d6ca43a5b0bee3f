"""Tests of the events of many partitions in SQLite files: they are what Dagster stores, in fewer transactions."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from babynames_assets.instance.file_batches import store_them_together
from babynames_assets.partitions import add_years, range_tags, tell_of_year, yearly_asset, years_of
from babynames_assets_tests.environment import clear_settings
from babynames_assets_tests.instance.homes import EMBEDDED, make_home

METHOD = "store_event_batch"
FIRST = 1901
OF_ALL_RUNS = Path("history", "runs", "index.db")

# What two runs of the same have in common: neither ids nor moments, and not what holds them.
EVENTS = "SELECT dagster_event_type, step_key, asset_key, partition FROM event_logs ORDER BY id"
TABLES = (
    EVENTS,
    "SELECT asset_key, last_materialization IS NULL, last_run_id IS NULL, tags FROM asset_keys ORDER BY 1",
    "SELECT asset_key, key FROM asset_event_tags ORDER BY event_id, 1, 2",
    "SELECT asset_key, check_name, execution_status FROM asset_check_executions ORDER BY 1, 2",
)


@yearly_asset(key=["places", "first"])
def first(context: dg.AssetExecutionContext) -> None:
    """A number of each year."""
    for year in years_of(context):
        tell_of_year(context, first.key, year, {"number": year})


@yearly_asset(key=["places", "second"], deps=[first])
def second(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The same, and a tag that the run's materializations carry."""
    return dg.MaterializeResult(metadata={"years": len(years_of(context))}, tags={"data": "made"})


@dg.asset_check(asset=second)
def holds() -> dg.AssetCheckResult:
    """A check, which is planned too."""
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def as_shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Dagster stores events as it does without us, and puts them together when it is asked to."""
    clear_settings(monkeypatch, tmp_path)
    monkeypatch.setattr(SqliteEventLogStorage, METHOD, None, raising=False)  # is put back afterwards
    monkeypatch.delattr(SqliteEventLogStorage, METHOD)
    monkeypatch.setenv("DAGSTER_EVENT_BATCH_SIZE", "0")


@contextmanager
def an_instance(folder: Path, years: int) -> Iterator[dg.DagsterInstance]:
    """A fresh one that knows so many years."""
    folder.mkdir()
    with dg.DagsterInstance.from_config(str(make_home(folder, EMBEDDED))) as instance:
        add_years(instance, FIRST, FIRST + years - 1)
        yield instance


def run(instance: dg.DagsterInstance, years: int) -> dg.ExecuteInProcessResult:
    """One run of all years."""
    result = dg.materialize([first, second, holds], instance=instance, tags=range_tags(FIRST, FIRST + years - 1))
    assert result.success
    return result


def stored(folder: Path, years: int) -> list[list[Any]]:
    """What a run of so many years leaves in the file of all runs and in its own."""
    with an_instance(folder, years) as instance:
        result = run(instance, years)
        home = Path(instance.root_directory)
        assert instance.get_materialized_partitions(first.key) == {str(FIRST + number) for number in range(years)}
    with (
        closing(sqlite3.connect(home / OF_ALL_RUNS)) as of_all,
        closing(sqlite3.connect(home / "history" / "runs" / f"{result.run_id}.db")) as of_one,
    ):
        return [of_all.execute(query).fetchall() for query in TABLES] + [of_one.execute(EVENTS).fetchall()]


@pytest.mark.usefixtures("as_shipped")
def test_what_is_stored_is_what_dagster_stores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row, and in the same order."""
    expected = stored(tmp_path / "shipped", 5)
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE")
    store_them_together()
    found = stored(tmp_path / "together", 5)

    assert found == expected
    assert all(found)


@pytest.mark.usefixtures("as_shipped")
def test_more_years_take_no_more_transactions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Dagster asks for each year, ours does not."""
    monkeypatch.delenv("DAGSTER_EVENT_BATCH_SIZE")
    opened: list[str] = []
    connect = SqliteEventLogStorage._connect  # noqa: SLF001 - where every transaction begins

    def counting(storage: SqliteEventLogStorage, shard: str) -> Any:
        opened.append(shard)
        return connect(storage, shard)

    monkeypatch.setattr(SqliteEventLogStorage, "_connect", counting)
    store_them_together()
    counts = []
    for years in (3, 30):
        with an_instance(tmp_path / str(years), years) as instance:
            opened.clear()
            run(instance, years)
            counts.append(len(opened))

    assert counts[0] == counts[1]


@pytest.mark.usefixtures("as_shipped")
def test_a_year_has_the_numbers_that_were_told_of_it(tmp_path: Path) -> None:
    """And no other year's."""
    with an_instance(tmp_path / "home", 3) as instance:
        run(instance, 3)
        records = instance.fetch_materializations(first.key, limit=10).records

    numbers = {record.partition_key: record.asset_materialization.metadata["number"].value for record in records}  # type: ignore[union-attr]
    assert numbers == {"1901": 1901, "1902": 1902, "1903": 1903}


@pytest.mark.usefixtures("as_shipped")
def test_a_way_of_dagsters_own_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later release may have one."""
    monkeypatch.setattr(SqliteEventLogStorage, METHOD, len, raising=False)
    store_them_together()

    assert getattr(SqliteEventLogStorage, METHOD) is len
