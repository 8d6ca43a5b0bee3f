"""The table of names: one year at a time, brought to a frame by its difference."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import polars as pl
import sqlalchemy as sa

from babynames_assets.errors import FatalError
from babynames_assets.warehouse import bulk
from babynames_assets.warehouse.compact_rows import ALL, KeyRange, read_rows
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.tables import baby_names
from babynames_assets.warehouse.year_locks import hold_year

SCHEMA = {"year": pl.Int16, "sex": pl.String, "name": pl.String, "births": pl.Int32}
_KEY = ("year", "sex", "name")
_NAMES_IN_STATEMENT = 1_000


@dataclass(frozen=True)
class LoadCounts:
    """What a load did, in rows of one year."""

    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0

    @property
    def rows(self) -> int:
        """Rows that the year has now."""
        return self.inserted + self.updated + self.unchanged

    def __add__(self, other: "LoadCounts") -> "LoadCounts":
        return LoadCounts(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.deleted + other.deleted,
            self.unchanged + other.unchanged,
        )


class YearPart(NamedTuple):
    """Some rows of a year: year, sex, name, births.

    Attributes:
        rows: sorted by the key.
        lines: the same rows as lines ``year,sex,name,births`` in UTF-8, each with its end, if no name in them holds a
            comma, a quote, a backslash or a line end; they are then loaded as they are.
    """

    rows: pl.DataFrame
    lines: memoryview | None = None


class _Difference(NamedTuple):
    """What makes the rows present the rows wanted; ``to_write`` holds new and changed ones, sorted by the key."""

    to_write: pl.DataFrame
    to_delete: pl.DataFrame
    counts: LoadCounts


def load_year(connection: Connection, year: int, frame: pl.DataFrame, *, max_delete_share: float) -> LoadCounts:
    """Make the table's year equal to a frame: insert what is new, update what differs, delete what is gone.

    Two loads of one year wait for each other.

    Args:
        connection: a transaction in which nothing was read yet.
        year: the partition.
        frame: columns year, sex, name, births; one row a key, all of the year.
        max_delete_share: the largest share of the year's rows that may be deleted.

    Raises:
        FatalError: more would be deleted, or the frame is empty and the year is not. Roll back.
        ValueError: the frame holds another year, or a key twice. Roll back.
    """
    hold_year(connection, year)
    return load_parts(connection, year, [YearPart(frame.sort(_KEY))], max_delete_share=max_delete_share)


def load_parts(
    connection: Connection,
    year: int,
    parts: Iterable[YearPart],
    *,
    max_delete_share: float,
    known_rows: int | None = None,
) -> LoadCounts:
    """As ``load_year``, for a frame that comes in parts, of which memory holds one at a time.

    Args:
        connection: a transaction that holds the year (``year_locks``).
        year: the partition.
        parts: rows as for ``load_year``, continuing each other; at least one, only the first may be empty.
        max_delete_share: the largest share of the year's rows that may be deleted.
        known_rows: how many rows the table should have, if that is known; counting them costs as much as a third of
            reading them.

    Raises:
        FatalError: as ``load_year``.
        ValueError: as ``load_year``.
    """
    present, done = None, LoadCounts()
    for keys, part in _ranges(parts):
        _check(year, part.rows)
        if present is None:
            present = (keys == ALL and known_rows) or count_rows(connection, [year])
        if keys == ALL:
            # Known before a row is read: a truncated source must not bring a huge year into memory to be refused.
            _guard(year, present, part.rows.height, present - part.rows.height, max_delete_share)
        if not present:
            bulk.write(connection, part.rows, present=0, lines=part.lines)
            done += LoadCounts(inserted=part.rows.height)
            continue
        found = read_rows(connection, year, keys)
        present = found.height if keys == ALL else present
        difference = _compare(part.rows, found)
        done += difference.counts
        _guard(year, present, done.rows, done.deleted, max_delete_share)
        _delete(connection, year, difference.to_delete)
        bulk.write(connection, difference.to_write, present=difference.counts.updated)
    return done


def read_year(connection: Connection, year: int) -> pl.DataFrame:
    """The rows of a year: year, sex, name, births, in the order of the key."""
    rows = read_rows(connection, year)
    return rows.select(pl.lit(year, dtype=pl.Int16).alias("year"), "sex", "name", "births").sort(_KEY)


def count_rows(connection: Connection, years: Iterable[int] | None = None) -> int:
    """Rows of the table, or of some of its years."""
    query = sa.select(sa.func.count()).select_from(baby_names)
    if years is not None:
        query = query.where(baby_names.c.year.in_(list(years)))
    return connection.execute(query).scalar_one()


def _ranges(parts: Iterable[YearPart]) -> Iterator[tuple[KeyRange, YearPart]]:
    """The parts, each with the keys of which it holds all rows; together that is every key."""
    above: tuple[str, str] | None = None
    for part, is_last in _marked(parts):
        sex, name = part.rows["sex"], part.rows["name"]
        if above and (sex[0], name[0].rstrip(" ")) <= (above[0], above[1].rstrip(" ")):
            raise ValueError(f"A part of the frame begins with a key that is not above the one before it, {above}")
        up_to = None if is_last else (str(sex[-1]), str(name[-1]))
        yield KeyRange(above, up_to), part
        above = up_to


def _marked(parts: Iterable[YearPart]) -> Iterator[tuple[YearPart, bool]]:
    """The parts, each with whether it is the last."""
    remaining = iter(parts)
    part = next(remaining)
    for following in remaining:
        yield part, False
        part = following
    yield part, True


def _compare(wanted: pl.DataFrame, present: pl.DataFrame) -> _Difference:
    if present.is_empty():
        return _Difference(wanted, wanted.clear(), LoadCounts(inserted=wanted.height))
    to_write, outdated = _differing(wanted, present)
    to_delete = outdated.join(to_write, on=["sex", "name"], how="anti")
    updated = outdated.height - to_delete.height
    return _Difference(
        to_write,
        to_delete,
        LoadCounts(
            inserted=to_write.height - updated,
            updated=updated,
            deleted=to_delete.height,
            unchanged=wanted.height - to_write.height,
        ),
    )


def _differing(wanted: pl.DataFrame, present: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows that are only here, and those that are only there."""
    row = ["sex", "name", "births"]
    here, there = wanted.select(row).hash_rows(), present.select(row).hash_rows()
    is_here_too, is_there_too = there.is_in(here.implode()), here.is_in(there.implode())
    # Two rows may share a hash: what it says is believed where the rows that it takes for equal are so, one by one.
    if wanted.select(row).filter(is_there_too).equals(present.filter(is_here_too)):
        return wanted.filter(~is_there_too), present.filter(~is_here_too)
    to_write = wanted.join(present, on=row, how="anti", maintain_order="left")
    return to_write, present.join(wanted, on=row, how="anti")


def _check(year: int, part: pl.DataFrame) -> None:
    sex, name = pl.col("sex"), pl.col("name")
    ascends = (sex > sex.shift()) | ((sex == sex.shift()) & (name > name.shift()))
    found = part.select(
        is_year=(pl.col("year") == year).all(), ascends=ascends.all(), has_space=name.str.ends_with(" ").any()
    )
    if not found["is_year"].item():
        raise ValueError(f"The frame to load into {year} holds other years: {part['year'].unique().to_list()}")
    # MySQL's collations pass over spaces at the end: two names that differ there only would be one row.
    is_blurred = found["has_space"].item() and part.select(sex, name.str.strip_chars_end(" ")).is_duplicated().any()
    if is_blurred or not found["ascends"].item():
        raise ValueError(
            f"The frame to load into {year} is not sorted, or holds a key more than once (spaces at a name's end do "
            "not count)"
        )


def _guard(year: int, present: int, wanted: int, deleted: int, max_share: float) -> None:
    if deleted <= 0 or (wanted and deleted <= max_share * present):
        return
    remedy = "raise BABYNAMES_WAREHOUSE__MAX_DELETE_SHARE for one run" if wanted else "delete the year's rows by hand"
    raise FatalError(
        f"Loading {year} would delete {deleted:,} of its {present:,} rows; the limit is {max_share:.0%}, and a year is "
        f"never emptied. Nothing is changed. If the source is right, {remedy}."
    )


def _delete(connection: Connection, year: int, rows: pl.DataFrame) -> None:
    """By year and sex, with a list of names: the form that every server answers by its key."""
    for (sex,), gone in rows.partition_by("sex", as_dict=True).items():
        for names in gone["name"].sort().to_frame().iter_slices(_NAMES_IN_STATEMENT):
            is_gone = baby_names.c.name.in_(names["name"].to_list())
            connection.execute(baby_names.delete().where(baby_names.c.year == year, baby_names.c.sex == sex, is_gone))
