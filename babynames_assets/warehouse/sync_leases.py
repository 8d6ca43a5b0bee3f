"""One sync a year: who writes the contacts of a year, and until when without a sign of life.

Decided under the lock of the year's row, by the database's clock.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, upsert
from babynames_assets.warehouse.tables import sync_leases

_NOBODY = ""
_LONG_AGO = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - as the tables store moments: UTC, without a zone


@dataclass(frozen=True)
class HeldYear:
    """A year that a sync holds; the moment is UTC.

    Attributes:
        year: the partition.
        held_by: who, for a person.
        expires_at: when the year is free unless the holder shows that it lives.
    """

    year: int
    held_by: str
    expires_at: dt.datetime


def take(connection: Connection, years: Sequence[int], *, holder: str, held_by: str, seconds: float) -> list[HeldYear]:
    """Take all of these years, or none.

    Args:
        connection: a transaction.
        years: the partitions.
        holder: who takes them, unlike any other.
        held_by: the same for a person.
        seconds: how long they are held without a renewal.

    Returns:
        What stands in the way: years that others hold; empty if the years are taken.
    """
    rows = ({"year": year, "holder": _NOBODY, "held_by": "", "expires_at": _LONG_AGO} for year in sorted(years))
    # Locks the rows until the transaction ends, those that were there before too.
    upsert(connection, sync_leases, rows, keys=["year"], update={"year": NEW})
    moment = clock.moment(connection)
    lease = sync_leases.c
    of_others = (
        sa.select(lease.year, lease.held_by, lease.expires_at)
        .where(lease.year.in_(years), lease.holder.not_in([holder, _NOBODY]), lease.expires_at > moment)
        .order_by(lease.year)
    )
    if held := [HeldYear(*row) for row in connection.execute(of_others)]:
        return held
    ends = moment + dt.timedelta(seconds=seconds)
    connection.execute(
        sync_leases.update().where(lease.year.in_(years)).values(holder=holder, held_by=held_by, expires_at=ends)
    )
    return []


def held(connection: Connection) -> list[HeldYear]:
    """The years that are held now, with their holders."""
    lease = sync_leases.c
    query = (
        sa.select(lease.year, lease.held_by, lease.expires_at)
        .where(lease.holder != _NOBODY, lease.expires_at > clock.moment(connection))
        .order_by(lease.year)
    )
    return [HeldYear(*row) for row in connection.execute(query)]


def renew(connection: Connection, years: Collection[int], *, holder: str, seconds: float) -> bool:
    """Hold years for so long from now, if all of them are still the holder's.

    One that has expired is held again, as long as nobody else has taken it.
    """
    ends = clock.moment(connection) + dt.timedelta(seconds=seconds)
    return connection.execute(_of(years, holder).values(expires_at=ends)).rowcount == len(years)


def are_held(connection: Connection, years: Collection[int], *, holder: str) -> bool:
    """Whether all of these years are the holder's, and stay so until the transaction ends."""
    mine = sa.select(sync_leases.c.year).where(sync_leases.c.year.in_(years), sync_leases.c.holder == holder)
    return len(connection.execute(mine.with_for_update()).all()) == len(years)


def release(connection: Connection, years: Collection[int], *, holder: str) -> None:
    """Give back those of the years that are the holder's."""
    connection.execute(_of(years, holder).values(holder=_NOBODY))


def _of(years: Collection[int], holder: str) -> sa.Update:
    return sync_leases.update().where(sync_leases.c.year.in_(years), sync_leases.c.holder == holder)
