"""Many rows as one JSON parameter, which the database takes apart: a third of the client's work of binding values."""

# ruff: noqa: S608 - the pieces put together are names and types of our own tables; every value is in the parameter

import json
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection

_PARAMETER = "json_rows"


def as_select(connection: Connection, columns: Sequence[sa.Column], rows: Iterable[Sequence[Any]]) -> sa.TextualSelect:
    """A query that yields rows which the client gives.

    Args:
        connection: tells the dialect.
        columns: of the table that the rows are for; they give names and types.
        rows: a value for each column: text, a number or None; a moment as text.
    """
    text = _from_json_each(columns) if connection.dialect.name == "sqlite" else _from_json_table(connection, columns)
    document = json.dumps([*rows], ensure_ascii=False, separators=(",", ":"))
    query = sa.text(text).bindparams(sa.bindparam(_PARAMETER, document))
    return query.columns(*(sa.column(column.name, column.type) for column in columns))


def _from_json_each(columns: Sequence[sa.Column]) -> str:
    values = ", ".join(f"json_extract(value, '$[{place}]') AS {column.name}" for place, column in enumerate(columns))
    # Without a condition SQLite takes the ON of an upsert behind it for that of a join.
    return f"SELECT {values} FROM json_each(:{_PARAMETER}) WHERE true"


def _from_json_table(connection: Connection, columns: Sequence[sa.Column]) -> str:
    names = ", ".join(f"given.{column.name}" for column in columns)
    # A value that does not fit would else be NULL.
    types = ", ".join(
        f"{column.name} {_type(connection, column)} PATH '$[{place}]' ERROR ON ERROR"
        for place, column in enumerate(columns)
    )
    return f"SELECT {names} FROM JSON_TABLE(:{_PARAMETER}, '$[*]' COLUMNS ({types})) AS given"


def _type(connection: Connection, column: sa.Column) -> str:
    # A text of a JSON table has the database's character set unless it names its own, and MariaDB cuts one that is too
    # long. As long as this, it is the table that it is written to that refuses it.
    is_text = isinstance(column.type, sa.String)
    return "TEXT CHARACTER SET utf8mb4" if is_text else column.type.compile(connection.dialect)
