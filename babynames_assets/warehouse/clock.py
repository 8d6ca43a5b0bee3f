"""The database's clock: the one that all processes and hosts share."""

import datetime as dt

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection

_MICROSECONDS = 1_000_000


def microseconds(connection: Connection) -> int:
    """The database's time since 1970, read now: after a lock, not when the statement or transaction began."""
    if connection.dialect.name == "sqlite":
        days: float = connection.execute(sa.text("SELECT julianday('now')")).scalar_one()
        return round((days - 2440587.5) * 86400 * _MICROSECONDS)
    return int(connection.scalar(sa.text("SELECT CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)")))


def moment(connection: Connection) -> dt.datetime:
    """The same in UTC, without a zone, as the tables store it."""
    return dt.datetime.fromtimestamp(microseconds(connection) / _MICROSECONDS, dt.UTC).replace(tzinfo=None)
