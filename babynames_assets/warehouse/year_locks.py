"""One writer a year: whoever brings a year to a frame holds its row until the transaction ends."""

from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, upsert
from babynames_assets.warehouse.tables import year_locks


def hold_year(connection: Connection, year: int) -> None:
    """Wait until no other transaction writes the year, and keep others out until this one ends.

    First statement of a transaction: what it reads afterwards is then what the other one left.

    Args:
        connection: a transaction.
        year: the partition.
    """
    upsert(connection, year_locks, [{"year": year}], keys=["year"], update={"year": NEW})
