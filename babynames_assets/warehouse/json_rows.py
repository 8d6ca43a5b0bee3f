"""Many rows as one JSON text, given to the database or taken from it: a third of the work of rows one by one."""

# ruff: noqa: S608 - the pieces put together are names and types of our own tables; every value is in the parameter

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection

_PARAMETER = "json_rows"


@lru_cache(maxsize=64)
def as_select(dialect: sa.Dialect, columns: tuple[sa.Column, ...]) -> sa.TextualSelect:
    """A query that yields rows which the client gives when it is executed, with ``as_parameter``.

    Args:
        dialect: of the connection.
        columns: of the table that the rows are for; they give names and types.
    """
    text = _from_json_each(columns) if dialect.name == "sqlite" else _from_json_table(dialect, columns)
    return sa.text(text).columns(*(sa.column(column.name, column.type) for column in columns))


def as_parameter(rows: Iterable[Sequence[Any]]) -> dict[str, str]:
    """What ``as_select`` is executed with.

    Args:
        rows: a value for each column: text, a number or None; a moment as text.
    """
    return {_PARAMETER: json.dumps([*rows], ensure_ascii=False, separators=(",", ":"))}


def fetch(connection: Connection, query: sa.Select) -> list[list[Any]]:
    """The rows of a query, in any order.

    Args:
        connection: the warehouse.
        query: of texts, whole numbers and nulls; a few thousand rows at most, because a server cuts a text that is
            longer than the packets it sends.
    """
    rows = query.subquery()
    in_arrays = sa.func.json_array(*rows.c)
    arrays = sa.func.json_group_array if connection.dialect.name == "sqlite" else sa.func.json_arrayagg
    text = connection.scalar(sa.select(sa.cast(arrays(in_arrays), sa.Text)))
    found: list[list[Any]] = json.loads(text) if text else []
    return found


def _from_json_each(columns: Sequence[sa.Column]) -> str:
    values = ", ".join(f"json_extract(value, '$[{place}]') AS {column.name}" for place, column in enumerate(columns))
    # Without a condition SQLite takes the ON of an upsert behind it for that of a join.
    return f"SELECT {values} FROM json_each(:{_PARAMETER}) WHERE true"


def _from_json_table(dialect: sa.Dialect, columns: Sequence[sa.Column]) -> str:
    names = ", ".join(f"given.{column.name}" for column in columns)
    # A value that does not fit would else be NULL.
    types = ", ".join(
        f"{column.name} {_type(dialect, column)} PATH '$[{place}]' ERROR ON ERROR"
        for place, column in enumerate(columns)
    )
    return f"SELECT {names} FROM JSON_TABLE(:{_PARAMETER}, '$[*]' COLUMNS ({types})) AS given"


def _type(dialect: sa.Dialect, column: sa.Column) -> str:
    # A text of a JSON table has the database's character set unless it names its own, and MariaDB cuts one that is too
    # long. As long as this, it is the table that it is written to that refuses it.
    is_text = isinstance(column.type, sa.String)
    return "TEXT CHARACTER SET utf8mb4" if is_text else column.type.compile(dialect)
