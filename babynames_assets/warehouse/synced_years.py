"""Which content of each year HubSpot was last brought to whole.

A year without an entry, or with another content than the ledger's current one, has contacts that are behind. To count
them would read every row of the table; this reads a row a year.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, now, upsert
from babynames_assets.warehouse.tables import synced_years


@dataclass(frozen=True)
class SyncedYear:
    """The content, by its digest, and the mapping by which its rows became contacts."""

    digest: str
    mapping: str


def enter(connection: Connection, digests: Mapping[int, str], mapping: str) -> None:
    """Enter that HubSpot holds all of some years.

    Args:
        connection: a transaction.
        digests: the content of each year when its sync began.
        mapping: the mapping version of today.
    """
    moment = now()
    rows = [
        {"year": year, "digest": digest, "mapping": mapping, "synced_at": moment} for year, digest in digests.items()
    ]
    update = dict.fromkeys(("digest", "mapping", "synced_at"), NEW)
    upsert(connection, synced_years, rows, keys=["year"], update=update)


def forget(connection: Connection, years: Iterable[int]) -> None:
    """Forget what HubSpot held of some years, before something of them is written there."""
    connection.execute(synced_years.delete().where(synced_years.c.year.in_(list(years))))


def read(connection: Connection) -> dict[int, SyncedYear]:
    """What is entered of each year."""
    query = sa.select(synced_years.c.year, synced_years.c.digest, synced_years.c.mapping)
    return {row.year: SyncedYear(row.digest, row.mapping) for row in connection.execute(query)}
