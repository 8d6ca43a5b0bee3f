"""Tests of loading many years: side by side, past those that are right already, and around one that fails."""

import threading
from functools import partial
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa
import structlog

from babynames_assets.errors import FatalError
from babynames_assets.ingest.content import digest
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.schema import COLUMNS
from babynames_assets.loading.years import LoadOptions, load_years
from babynames_assets.warehouse import baby_names, ledger
from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.ledger import SourceRecord, YearRecord
from babynames_assets.warehouse.partitioning import ensure_years
from babynames_assets_tests.loading.stored_frames import put_frame

FIRST, LAST = 1990, 2009
YEARS = range(FIRST, LAST + 1)
OLD, NEW = "a" * 64, "b" * 64
OPTIONS = LoadOptions(max_delete_share=0.5, connections=3)


@pytest.fixture
def frames(tmp_path: Path) -> FrameStore:
    """A store with twenty years of one file."""
    store = FrameStore(tmp_path / "frames")
    for year in YEARS:
        put(store, year, OLD, year % 7 + 3)
    return store


def put(store: FrameStore, year: int, source: str, rows: int, *, births: int = 1) -> None:
    """Make a year's frame hold so many names."""
    names = [(year, "F", f"Name{'abcdefghijklmnopqrstuvwxyz'[number]}", births) for number in range(rows)]
    frame = pl.DataFrame(names, schema=COLUMNS, orient="row")
    put_frame(store, year, frame, source, Path(f"{store._folder}-{year}.parquet"))  # noqa: SLF001 - a place beside it


def bring(engine: Engine, frames: FrameStore, options: LoadOptions = OPTIONS) -> dict[int, LoadCounts]:
    """Load all years."""
    ensure_years(engine, FIRST, LAST)
    loaded: dict[int, LoadCounts] = {}
    load_years(engine, frames, YEARS, run_id="run", options=options, on_loaded=loaded.__setitem__)
    return loaded


def holds(engine: Engine, frames: FrameStore) -> list[int]:
    """The years whose rows are those of their frames."""
    with connect(engine) as connection:
        return [year for year in YEARS if baby_names.read_year(connection, year).equals(frames.get(year).read())]


def test_years_are_loaded_side_by_side(engine: Engine, frames: FrameStore) -> None:
    """Each arrives whole, is reported once, and is entered in the ledger."""
    loaded = bring(engine, frames)

    assert sorted(loaded) == list(YEARS)
    assert all(counts == LoadCounts(inserted=year % 7 + 3) for year, counts in loaded.items())
    assert holds(engine, frames) == list(YEARS)
    with connect(engine) as connection:
        current = ledger.current(connection)
    assert {year: entry.digest for year, entry in current.items()} == {
        year: frames.get(year).provenance.digest for year in YEARS
    }


def test_a_second_run_writes_nothing_at_all(engine: Engine, frames: FrameStore) -> None:
    """The ledger says that everything is there: not even the run's name is entered."""
    bring(engine, frames)

    loaded: dict[int, LoadCounts] = {}
    load_years(engine, frames, YEARS, run_id="other", options=OPTIONS, on_loaded=loaded.__setitem__)

    assert loaded == {year: LoadCounts(unchanged=year % 7 + 3) for year in YEARS}
    with connect(engine) as connection:
        assert set(connection.scalars(sa.text("SELECT run_id FROM ledger"))) == {"run"}


def test_a_new_file_with_some_new_years_is_entered_for_all(engine: Engine, frames: FrameStore) -> None:
    """A year with the same content now comes from the new file; its rows are not read."""
    bring(engine, frames)
    for year in YEARS:
        put(frames, year, NEW, year % 7 + 3, births=2 if year == 2000 else 1)

    loaded = bring(engine, frames)

    assert loaded == {
        year: LoadCounts(updated=8) if year == 2000 else LoadCounts(unchanged=year % 7 + 3) for year in YEARS
    }
    assert holds(engine, frames) == list(YEARS)
    with connect(engine) as connection:
        assert {entry.source_sha256 for entry in ledger.current(connection).values()} == {NEW}


def test_a_table_that_was_changed_by_hand_is_mended_when_asked(engine: Engine, frames: FrameStore) -> None:
    """The ledger knows nothing of it: by default such a year is left, with compare_always it is read."""
    bring(engine, frames)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM baby_names WHERE year = 1995 AND name = 'Namea'")
        connection.exec_driver_sql("UPDATE baby_names SET births = 9 WHERE year = 1995 AND name = 'Nameb'")

    bring(engine, frames)
    left = holds(engine, frames)
    mended = bring(engine, frames, LoadOptions(max_delete_share=0.5, compare_always=True))

    assert left == [year for year in YEARS if year != 1995]
    assert mended[1995] == LoadCounts(inserted=1, updated=1, unchanged=1995 % 7 + 1)
    assert holds(engine, frames) == list(YEARS)


def test_a_year_that_is_refused_stops_those_that_were_not_begun(engine: Engine, frames: FrameStore) -> None:
    """What is loaded stays, the refused year is as it was, and the next run does the rest."""
    put(frames, 1995, OLD, 8, births=5)
    bring(engine, frames)
    before = frames.get(1995).read()
    for year in YEARS:
        put(frames, year, NEW, 1 if year == 1995 else year % 7 + 3, births=2)

    with (
        structlog.testing.capture_logs() as log,
        pytest.raises(FatalError, match="Loading 1995 would delete 7 of its 8 rows"),
    ):
        bring(engine, frames)

    [line] = [entry for entry in log if entry["event"] == "year_not_loaded"]
    assert (line["year"], line["log_level"]) == (1995, "error")
    assert "materialize warehouse/baby_names" in line["remedy"]
    with connect(engine) as connection:
        assert baby_names.read_year(connection, 1995).equals(before)
        last = ledger.last_load(connection, 1995)
    assert last is not None
    assert last.digest == digest(before)
    put(frames, 1995, NEW, 8, births=2)
    bring(engine, frames)
    assert holds(engine, frames) == list(YEARS)


def test_runs_of_the_same_years_at_once_leave_the_table_equal_to_the_frames(engine: Engine, frames: FrameStore) -> None:
    """Four runs of all years, started together: all succeed, and nothing is there twice or missing."""
    ensure_years(engine, FIRST, LAST)
    start = threading.Barrier(4)
    failures: list[BaseException] = []
    loaded: dict[int, LoadCounts] = {}

    def run() -> None:
        start.wait(timeout=30)
        try:
            load_years(engine, frames, YEARS, run_id="run", options=OPTIONS, on_loaded=loaded.__setitem__)
        except BaseException as failure:  # noqa: BLE001 - a thread's failure is shown by the test
            failures.append(failure)

    runs = [threading.Thread(target=run) for _ in range(4)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()

    assert failures == []
    assert holds(engine, frames) == list(YEARS)


def test_parallel_loads_of_neighbouring_years_meet_no_deadlock(server_engine: Engine, frames: FrameStore) -> None:
    """Nobody waits for another's year, so nobody has to be repeated."""
    entered = [YearRecord(year, 1, 1, 0, 0, 0, "0" * 64) for year in YEARS]
    for source in (OLD, NEW):
        file = SourceRecord(source, "names", "1", "names.csv", 1, 1, 0, 0)
        run_in_transaction(server_engine, partial(ledger.record_scan, source=file, years=entered))
    with structlog.testing.capture_logs() as log:
        bring(server_engine, frames, LoadOptions(max_delete_share=0.5, connections=5))
        for year in YEARS:
            put(frames, year, NEW, year % 7 + 3, births=2)
        bring(server_engine, frames, LoadOptions(max_delete_share=0.5, connections=5))

    assert [entry for entry in log if entry["event"] == "retry_scheduled"] == []
    assert [entry["way"] for entry in log if entry["event"] == "load_started"] == ["local_infile"] * 2
