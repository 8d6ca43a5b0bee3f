"""The table of names: one year at a time, brought to a frame by its difference."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl
import sqlalchemy as sa

from babynames_assets.errors import FatalError
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, delete, upsert
from babynames_assets.warehouse.tables import baby_names

SCHEMA = {"year": pl.Int16, "sex": pl.String, "name": pl.String, "births": pl.Int32}
_KEY = ("year", "sex", "name")


@dataclass(frozen=True)
class LoadCounts:
    """What a load did, in rows of one year."""

    inserted: int
    updated: int
    deleted: int
    unchanged: int


def load_year(connection: Connection, year: int, frame: pl.DataFrame, *, max_delete_share: float) -> LoadCounts:
    """Make the table's year equal to a frame: insert what is new, update what differs, delete what is gone.

    Two loads of one year wait for each other, or one of them deadlocks and is repeated by ``run_in_transaction``.

    Args:
        connection: a transaction.
        year: the partition.
        frame: columns year, sex, name, births; one row a key, all of the year.
        max_delete_share: the largest share of the year's rows that may be deleted.

    Raises:
        FatalError: more would be deleted, or the frame is empty and the year is not; nothing is changed.
        ValueError: the frame holds another year, or a key twice.
    """
    _check(year, frame)
    present = _read(connection, year, lock=True)
    both = frame.join(present, on=_KEY, how="full", suffix="_present", coalesce=True)
    is_new = pl.col("births_present").is_null()
    is_gone = pl.col("births").is_null()
    inserted = both.filter(is_new)
    updated = both.filter(pl.col("births") != pl.col("births_present"))
    deleted = both.filter(is_gone)
    _guard(year, present.height, frame.height, deleted.height, max_delete_share)
    delete(connection, baby_names, deleted.select(_KEY).iter_rows(), _KEY)
    _write(connection, pl.concat([inserted, updated]))
    return LoadCounts(
        inserted=inserted.height,
        updated=updated.height,
        deleted=deleted.height,
        unchanged=both.height - inserted.height - updated.height - deleted.height,
    )


def read_year(connection: Connection, year: int) -> pl.DataFrame:
    """The rows of a year: year, sex, name, births, in the order of the key."""
    return _read(connection, year, lock=False)


def count_rows(connection: Connection, years: Iterable[int] | None = None) -> int:
    """Rows of the table, or of some of its years."""
    query = sa.select(sa.func.count()).select_from(baby_names)
    if years is not None:
        query = query.where(baby_names.c.year.in_(list(years)))
    return connection.execute(query).scalar_one()


def _check(year: int, frame: pl.DataFrame) -> None:
    if (frame["year"] != year).any():
        raise ValueError(f"The frame to load into {year} holds other years: {frame['year'].unique().to_list()}")
    # MySQL's collations pass over spaces at the end: two names that differ there only would be one row.
    if frame.select("sex", pl.col("name").str.strip_chars_end(" ")).is_duplicated().any():
        raise ValueError(
            f"The frame to load into {year} holds a key more than once (spaces at a name's end do not count)"
        )


def _guard(year: int, present: int, wanted: int, gone: int, max_share: float) -> None:
    if not gone or (wanted and gone <= max_share * present):
        return
    raise FatalError(
        f"Loading {year} would delete {gone:,} of its {present:,} rows; the limit is {max_share:.0%}, and a year "
        "is never emptied. Nothing is changed. If the source is right, raise BABYNAMES_WAREHOUSE__MAX_DELETE_SHARE for "
        "one run."
    )


def _read(connection: Connection, year: int, *, lock: bool) -> pl.DataFrame:
    columns = baby_names.c
    query = sa.select(columns.year, columns.sex, columns.name, columns.births).where(columns.year == year)
    query = query.order_by(columns.sex, columns.name)
    rows = connection.execute(query.with_for_update() if lock else query).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=SCHEMA, orient="row")


def _write(connection: Connection, rows: pl.DataFrame) -> None:
    """Insert rows, or give the ones that exist their new births; in the order of the key, many in a statement."""
    in_order = rows.select(*SCHEMA).sort(_KEY).iter_rows(named=True)
    upsert(connection, baby_names, in_order, keys=_KEY, update={"births": NEW})
