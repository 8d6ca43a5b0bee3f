"""How the database itself describes a table, against how the migrations leave it."""

from typing import Any

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection

_COLLATION = "utf8mb4_bin"


def differences(connection: Connection, table: sa.Table) -> list[tuple[str, str]]:
    """Columns, or the key, that are not as they were made, each with what is different; none where all is well."""
    inspector = sa.inspect(connection)
    if not inspector.has_table(table.name):
        return [(table.name, "there is no such table")]
    found: dict[str, Any] = {column["name"]: column for column in inspector.get_columns(table.name)}
    wrong = [(name, "there is no such column") for name in (column.name for column in table.c) if name not in found]
    wrong += [(name, "the table has this column besides") for name in found if name not in table.c]
    for name, column in found.items():
        if name in table.c and (message := _difference(table.c[name], column)):
            wrong.append((name, message))
    wrong += [
        (name, f"its collation is {collation}, not {_COLLATION}: names that differ would be one")
        for name, collation in _collations(connection, table.name).items()
        if collation not in {None, _COLLATION}
    ]
    key = inspector.get_pk_constraint(table.name)["constrained_columns"]
    if key != table.primary_key.columns.keys():
        wrong.append(("primary key", f"it is made of {', '.join(key) or 'nothing'}"))
    return wrong


def _difference(made: sa.Column[Any], found: dict[str, Any]) -> str:
    of_kind, wanted = found["type"], made.type
    length = getattr(of_kind, "length", None)
    parts = []
    if not isinstance(of_kind, wanted.as_generic().__class__) or length != getattr(wanted, "length", None):
        parts.append(f"its type is {of_kind}, not {wanted}")
    if found["nullable"] and not made.nullable:
        parts.append("it takes nulls")
    return "; ".join(parts)


def _collations(connection: Connection, table: str) -> dict[str, str | None]:
    """The collation of each column; MariaDB names one in a column's definition only where the table has another."""
    if connection.dialect.name == "sqlite":
        return {}
    query = sa.text(
        "SELECT column_name, collation_name FROM information_schema.columns "
        "WHERE table_schema = DATABASE() AND table_name = :table"
    )
    return {row[0]: row[1] for row in connection.execute(query, {"table": table})}
