"""The database's clock: the one that all processes and hosts share."""

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from babynames_assets.warehouse.engine import Connection

MICROSECONDS = 1_000_000
_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - as the tables store moments: in UTC, without a zone


class Clock(FunctionElement[int]):
    """Microseconds since 1970 as a column, read after the locks of its statement and not when it began.

    SQLite's are cut to milliseconds.
    """

    name = "clock"
    type = sa.BigInteger()
    inherit_cache = True


@compiles(Clock, "sqlite")
def _sqlite_clock(_element: Clock, _compiler: Any, **_: Any) -> str:
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) * 1000 AS INTEGER)"


@compiles(Clock, "mysql")
def _mysql_clock(_element: Clock, _compiler: Any, **_: Any) -> str:
    return "CAST(UNIX_TIMESTAMP(SYSDATE(6)) * 1000000 AS SIGNED)"


def microseconds(connection: Connection) -> int:
    """The database's time since 1970."""
    return int(connection.execute(sa.select(Clock())).scalar_one())


def moment(connection: Connection) -> dt.datetime:
    """The same in UTC, without a zone, as the tables store it."""
    return as_moment(microseconds(connection))


def as_moment(since_1970: int) -> dt.datetime:
    """Microseconds as the tables store a moment."""
    return _EPOCH + dt.timedelta(microseconds=since_1970)


def as_microseconds(stored: dt.datetime) -> int:
    """The reverse."""
    return (stored - _EPOCH) // dt.timedelta(microseconds=1)
