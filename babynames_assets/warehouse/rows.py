"""Many rows in few statements, on every dialect."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from babynames_assets.warehouse.engine import Connection

ROWS_IN_STATEMENT = 1000

Row = Mapping[str, Any]


def now() -> dt.datetime:
    """This moment in UTC, without a zone, as the tables store it."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def upsert(
    connection: Connection, table: sa.Table, rows: Iterable[Row], *, keys: Sequence[str], update: Mapping[str, Any]
) -> None:
    """Insert rows; where one with the same key exists, update some of its columns.

    Args:
        connection: a transaction.
        table: where to.
        rows: all with the same columns.
        keys: the columns of the unique key.
        update: column to set -> expression, ``NEW`` for the new row's value, or ``ADDED`` for that added to what is
            there. For more than one row the expression may bind no values: PyMySQL fills only those of the rows
            themselves. An expression that is made once is also compiled once.
    """
    statement = _upsert(connection.dialect.name, table, tuple(keys), tuple(update.items()))
    for chunk in chunks(rows):
        connection.execute(statement, chunk)


NEW = object()
"""In ``upsert``: the value of the row that was to be inserted."""

ADDED = object()
"""In ``upsert``: what is there, or 0, plus the value of the row that was to be inserted."""


def delete(connection: Connection, table: sa.Table, keys: Iterable[tuple[Any, ...]], columns: Sequence[str]) -> None:
    """Delete the rows with these keys.

    Args:
        connection: a transaction.
        table: where from.
        keys: values of the columns.
        columns: the key's columns.
    """
    statement = table.delete().where(*(table.c[name] == sa.bindparam(f"key_{name}") for name in columns))
    for chunk in chunks({f"key_{name}": value for name, value in zip(columns, key, strict=True)} for key in keys):
        connection.execute(statement, chunk)


@lru_cache(maxsize=64)
def _upsert(dialect: str, table: sa.Table, keys: tuple[str, ...], update: tuple[tuple[str, Any], ...]) -> sa.Insert:
    if dialect == "sqlite":
        insert = sqlite.insert(table)
        values = {name: _value(value, table.c[name], insert.excluded[name]) for name, value in update}
        return insert.on_conflict_do_update(index_elements=keys, set_=values)
    # VALUES(column): PyMySQL sends many rows in one statement only in this form, and MariaDB knows no other.
    values = {name: _value(value, table.c[name], sa.func.values(table.c[name])) for name, value in update}
    return mysql.insert(table).on_duplicate_key_update(values)


def _value(wanted: Any, present: sa.Column[Any], new: sa.ColumnElement[Any]) -> Any:
    if wanted is NEW:
        return new
    return sa.func.coalesce(present, sa.literal_column("0")) + new if wanted is ADDED else wanted


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in lists of a size that a statement takes."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, ROWS_IN_STATEMENT)):
        yield chunk
