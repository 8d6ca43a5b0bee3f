"""Many rows in few statements, on every dialect."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from babynames_assets.warehouse.engine import Connection

ROWS_IN_STATEMENT = 1000

Row = Mapping[str, Any]
NewValue = Callable[[str], sa.ColumnElement[Any]]


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
        update: column to set -> expression, ``NEW`` for the new row's value, ``ADDED`` for that added to what is
            there, or a function from a column's name -> the new row's value of it, to an expression. For more than one
            row the expression may bind no values: PyMySQL fills only those of the rows themselves. What is made once is
            also compiled once. MySQL sets the columns one after the other, in this order, and an expression sees what
            was set before it: what reads a column stands before what sets it.
    """
    statement = _upsert(connection.dialect.name, table, tuple(keys), tuple(update.items()))
    for chunk in chunks(rows):
        connection.execute(statement, chunk)


def upsert_of(
    dialect: sa.Dialect,
    table: sa.Table,
    columns: Sequence[str],
    rows: sa.Select | sa.TextualSelect,
    *,
    keys: Sequence[str],
    update: Mapping[str, Any],
) -> sa.Insert:
    """The statement that inserts the rows of a query; where one with the same key exists, it updates some columns.

    Args:
        dialect: of the connection.
        table: where to.
        columns: which columns the query yields; on SQLite it needs a condition.
        rows: the query.
        keys: the columns of the unique key.
        update: as in ``upsert``; an expression may bind values.
    """
    insert = _insert(dialect.name, table).from_select(columns, rows)
    return _upserting(insert, table, update, keys)


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
    return _upserting(_insert(dialect, table), table, dict(update), keys)


def _insert(dialect: str, table: sa.Table) -> sqlite.Insert | mysql.Insert:
    return sqlite.insert(table) if dialect == "sqlite" else mysql.insert(table)


def _upserting(
    insert: sqlite.Insert | mysql.Insert, table: sa.Table, update: Mapping[str, Any], keys: Sequence[str]
) -> sa.Insert:
    if isinstance(insert, sqlite.Insert):
        values = _values(update, table, lambda name: insert.excluded[name])
        return insert.on_conflict_do_update(index_elements=keys, set_=values)
    # VALUES(column): PyMySQL sends many rows in one statement only in this form, and MariaDB knows no other.
    values = _values(update, table, lambda name: sa.func.values(table.c[name]))
    return insert.on_duplicate_key_update(list(values.items()))


def _values(update: Mapping[str, Any], table: sa.Table, new: NewValue) -> dict[str, Any]:
    return {name: _value(value, table.c[name], name, new) for name, value in update.items()}


def _value(wanted: Any, present: sa.Column[Any], name: str, new: NewValue) -> Any:
    if wanted is NEW:
        return new(name)
    if wanted is ADDED:
        return sa.func.coalesce(present, sa.literal_column("0")) + new(name)
    return wanted(new) if callable(wanted) else wanted


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """The rows in lists of a size that a statement takes."""
    iterator = iter(rows)
    while chunk := list(islice(iterator, ROWS_IN_STATEMENT)):
        yield chunk
