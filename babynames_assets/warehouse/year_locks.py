"""One writer a year: whoever brings a year to a frame holds its row until the transaction ends."""

from collections.abc import Iterable

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, upsert
from babynames_assets.warehouse.tables import year_locks


def add_locks(connection: Connection, years: Iterable[int]) -> None:
    """Make the rows of some years ahead of their loads, and wait for none that is held."""
    existing = set(connection.scalars(sa.select(year_locks.c.year)))
    _insert(connection, [year for year in years if year not in existing])


def hold_year(connection: Connection, year: int) -> None:
    """Wait until no other transaction writes the year, and keep others out until this one ends.

    First statement of a transaction: what it reads afterwards is then what the other one left.

    Args:
        connection: a transaction.
        year: the partition.
    """
    _insert(connection, [year])


def _insert(connection: Connection, years: Iterable[int]) -> None:
    upsert(connection, year_locks, ({"year": year} for year in years), keys=["year"], update={"year": NEW})
