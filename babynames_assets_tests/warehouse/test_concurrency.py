"""What must hold when several loads, calls and threads meet in one warehouse."""

import threading
from collections.abc import Callable
from functools import partial

import polars as pl
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from babynames_assets.errors import ConfigurationError, RetryableError
from babynames_assets.warehouse import baby_names, ledger, partitioning
from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.engine import Connection, Engine, connect, open_engine, run_in_transaction
from babynames_assets.warehouse.ledger import LastLoad, YearRecord
from babynames_assets.warehouse.year_locks import hold_year

OLD, NEW = "a" * 64, "b" * 64


def _frame(year: int, births: dict[str, int]) -> pl.DataFrame:
    rows = [(year, "F", name, number) for name, number in births.items()]
    return pl.DataFrame(rows, schema=baby_names.SCHEMA, orient="row")


def _bring(engine: Engine, digest: str, births: int, before_entry: Callable[[], None] = lambda: None) -> None:
    """Bring 2000 to one row with these births, as a run does: skip it when the ledger has that digest already."""

    def work(connection: Connection) -> None:
        counts = LoadCounts(inserted=0, updated=0, deleted=0, unchanged=1)
        hold_year(connection, 2000)
        last = ledger.last_load(connection, 2000)
        if last is None or last.digest != digest:
            counts = baby_names.load_year(connection, 2000, _frame(2000, {"Zoe": births}), max_delete_share=1.0)
        before_entry()
        record = YearRecord(year=2000, lines=1, valid=1, merged=0, duplicates=0, rejected=0, digest=digest)
        ledger.record_load(connection, digest, record, counts, "run")

    run_in_transaction(engine, work)


def _load(year: int, frame: pl.DataFrame, connection: Connection) -> LoadCounts:
    return baby_names.load_year(connection, year, frame, max_delete_share=0.0)


def test_the_ledger_names_what_the_table_holds_after_two_runs_at_once(engine: Engine) -> None:
    """A run that skips a year, while another changes it, does not enter its own digest over the other's."""
    _bring(engine, OLD, births=1)
    other = threading.Thread(target=_bring, args=(engine, NEW), kwargs={"births": 2})
    started = threading.Event()

    def let_the_other_try() -> None:
        if not started.is_set():
            started.set()
            other.start()
            other.join(0.5)  # it has to wait for this transaction, so this ends by the time limit

    _bring(engine, OLD, births=1, before_entry=let_the_other_try)
    other.join()

    with connect(engine) as connection:
        held = baby_names.read_year(connection, 2000)["births"].to_list()
        assert (ledger.last_load(connection, 2000), held) == (LastLoad(NEW, 1), [2])


def test_loads_of_different_years_at_once_all_arrive(engine: Engine) -> None:
    """Four runs that load three years each, side by side, leave all twelve years complete."""
    partitioning.ensure_years(engine, 2000, 2011)
    births = {f"Name{number}": number for number in range(1, 101)}

    def load(years: range) -> None:
        for year in years:
            run_in_transaction(engine, partial(_load, year, _frame(year, births)))

    runs = [threading.Thread(target=load, args=(range(first, 2012, 4),)) for first in range(2000, 2004)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()

    with connect(engine) as connection:
        assert [baby_names.count_rows(connection, [year]) for year in range(2000, 2012)] == [100] * 12


@pytest.mark.parametrize(
    ("births", "reason"),
    [
        (_frame(1999, {"Zoe": 1}), "other years"),
        (pl.concat([_frame(2000, {"Zoe": 1}), _frame(2000, {"Zoe": 2})]), "more than once"),
        (_frame(2000, {"Zoe": 1, "Zoe ": 2}), "more than once"),
    ],
    ids=["another year", "a key twice", "only a trailing space apart"],
)
def test_a_frame_that_cannot_be_a_year_is_refused(sqlite_engine: Engine, births: pl.DataFrame, reason: str) -> None:
    """A frame with another year, or with two names that MySQL takes for one, is a bug, and nothing is written."""
    with pytest.raises(ValueError, match=reason):
        run_in_transaction(
            sqlite_engine, lambda connection: baby_names.load_year(connection, 2000, births, max_delete_share=1.0)
        )

    with connect(sqlite_engine) as connection:
        assert baby_names.count_rows(connection) == 0


def test_a_pool_without_a_free_connection_says_which_setting_helps(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting in vain for a connection of the pool is an error that another try may mend, and it names the setting."""
    small = sa.create_engine(sqlite_engine.url, poolclass=sa.QueuePool, pool_size=1, max_overflow=0, pool_timeout=0.01)

    with small.connect(), pytest.raises(RetryableError, match="BABYNAMES_WAREHOUSE__POOL_SIZE"), connect(small):
        pass

    small.dispose()


def test_a_folder_that_cannot_be_made_says_which_setting_helps(sqlite_url: str) -> None:
    """A file where the folder of the SQLite file should be is an error that names both settings."""
    blocked = f"{sqlite_url}/inner/warehouse.sqlite"
    open_engine(SecretStr(sqlite_url)).connect().close()

    with pytest.raises(ConfigurationError, match="BABYNAMES_STATE_FOLDER"):
        open_engine(SecretStr(blocked))
