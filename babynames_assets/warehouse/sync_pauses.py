"""Years whose sync waits for another day, because the calls of this one are spent."""

import datetime as dt
from collections.abc import Iterable

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, upsert
from babynames_assets.warehouse.tables import sync_pauses


def pause(connection: Connection, years: Iterable[int], until: dt.datetime) -> None:
    """Let some years wait.

    Args:
        connection: a transaction.
        years: the partitions.
        until: when they may go on, with its zone.
    """
    moment = until.astimezone(dt.UTC).replace(tzinfo=None)
    rows = ({"year": year, "until_at": moment} for year in years)
    upsert(connection, sync_pauses, rows, keys=["year"], update={"until_at": NEW})


def end(connection: Connection, years: Iterable[int]) -> None:
    """Forget that some years waited."""
    connection.execute(sync_pauses.delete().where(sync_pauses.c.year.in_(list(years))))


def over(connection: Connection) -> dict[int, dt.datetime]:
    """The years that may go on, each with the moment (in UTC) from which it may."""
    columns = sync_pauses.c
    query = sa.select(columns.year, columns.until_at).where(columns.until_at <= clock.moment(connection))
    return {year: until.replace(tzinfo=dt.UTC) for year, until in connection.execute(query.order_by(columns.year))}


def waiting(connection: Connection) -> dict[int, dt.datetime]:
    """All years that wait, each with the moment (in UTC) from which it may go on."""
    columns = sync_pauses.c
    query = sa.select(columns.year, columns.until_at).order_by(columns.year)
    return {year: until.replace(tzinfo=dt.UTC) for year, until in connection.execute(query)}
