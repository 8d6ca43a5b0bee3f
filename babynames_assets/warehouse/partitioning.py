"""Partitions of the table of names, one a year, made when data needs them. SQLite has none."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from babynames_assets.errors import RetryableError
from babynames_assets.warehouse.engine import Connection, Engine, connect
from babynames_assets.warehouse.year_locks import add_locks

_LOCK = "babynames_partitions"
_LOCK_SECONDS = 60
_BOUNDARIES = sa.text(
    "SELECT partition_name AS name, partition_description AS below FROM information_schema.partitions "
    "WHERE table_schema = DATABASE() AND table_name = 'baby_names' ORDER BY partition_ordinal_position"
)


def ensure_years(engine: Engine, first: int, last: int) -> None:
    """Make a partition of every year from the first to the last; those that exist stay as they are.

    The partition that holds a missing year is split. Called ahead of a load, so that it is empty or nearly so.

    Raises:
        RetryableError: another process has been making partitions for a minute.
    """
    if engine.dialect.name == "sqlite":
        return
    with connect(engine) as connection, _locked(connection):
        for name, years, is_last in _splits(_read_boundaries(connection), first, last):
            parts = [f"PARTITION p{year} VALUES LESS THAN ({year + 1})" for year in years]
            if is_last:
                parts.append("PARTITION p_future VALUES LESS THAN MAXVALUE")
            connection.exec_driver_sql(f"ALTER TABLE baby_names REORGANIZE PARTITION {name} INTO ({', '.join(parts)})")
        # Now, by one process: side by side, the inserts of neighbouring rows can deadlock.
        add_locks(connection, range(first, last + 1))
        connection.commit()


def years(engine: Engine) -> list[int]:
    """The years that have a partition of their own, ascending."""
    if engine.dialect.name == "sqlite":
        return []
    with connect(engine) as connection:
        return [below - 1 for name, below in _read_boundaries(connection) if below is not None]


def _read_boundaries(connection: Connection) -> list[tuple[str, int | None]]:
    rows = connection.execute(_BOUNDARIES).all()
    return [(row.name, None if row.below == "MAXVALUE" else int(row.below)) for row in rows]


def _splits(boundaries: list[tuple[str, int | None]], first: int, last: int) -> Iterator[tuple[str, list[int], bool]]:
    """Partitions to split: name, the years to make of it (its own included), and whether it is the topmost."""
    lower: int | None = None
    for name, below in boundaries:
        if not re.fullmatch(r"p\d+|p_future", name):
            raise ValueError(f"The table baby_names has a partition that this project did not make: {name}")
        top = last if below is None else min(last, below - 1)
        start = first if lower is None else max(first, lower)
        new = list(range(start, top + 1))
        if below is not None and (not new or new[-1] != below - 1):
            new.append(below - 1)
        if len(new) > (0 if below is None else 1):
            yield name, new, below is None
        lower = below


@contextmanager
def _locked(connection: Connection) -> Iterator[None]:
    if connection.scalar(sa.select(sa.func.get_lock(_LOCK, _LOCK_SECONDS))) != 1:
        raise RetryableError(
            f"Another process holds the lock {_LOCK} for more than {_LOCK_SECONDS} s. Try again later."
        )
    try:
        yield
    finally:
        # A connection that is lost holds no lock, and a second error would hide the one that says to try again.
        if not connection.invalidated:
            connection.scalar(sa.select(sa.func.release_lock(_LOCK)))
