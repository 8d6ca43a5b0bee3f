"""Databases for single tests: fresh, empty, gone afterwards; and the newest schema at the price of a few statements."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from babynames_assets.warehouse.engine import Connection, Engine, open_engine
from babynames_assets.warehouse.local_files import LocalFileConnection
from babynames_assets.warehouse.migrations import up
from babynames_assets.warehouse.tables import METADATA

_VERSION_TABLE = "alembic_version"


@dataclass(frozen=True)
class Schema:
    """What migrations leave in an empty database: statements that make the tables, and the version."""

    statements: tuple[str, ...]
    version: str


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """A new database on a server; yields its URL and drops it afterwards."""
    name = f"babynames_test_{uuid.uuid4().hex[:12]}"
    engine = _open_server(server_url)
    with engine.connect() as connection:
        # A latin1 database shows whether the tables themselves say which letters they hold.
        connection.exec_driver_sql(f"CREATE DATABASE {name} CHARACTER SET latin1")
    try:
        yield sa.make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name}")


def read_schema(url: str) -> Schema:
    """Migrate an empty database and read off what has come of it."""
    engine = open_engine(SecretStr(url))
    try:
        up(engine)
        with engine.connect() as connection:
            statements = tuple(statement for table in _tables() for statement in _definitions(connection, table))
            version = connection.scalar(sa.text(f"SELECT version_num FROM {_VERSION_TABLE}"))
    finally:
        engine.dispose()
    return Schema(statements, str(version))


def apply_schema(engine: Engine, schema: Schema) -> None:
    """Make an empty database equal to the one that the schema was read from."""
    with engine.connect() as connection:
        for statement in schema.statements:
            connection.exec_driver_sql(statement)
        connection.exec_driver_sql(f"INSERT INTO {_VERSION_TABLE} VALUES ('{schema.version}')")
        connection.commit()


def _open_server(url: str) -> Engine:
    # As the product connects: PyMySQL's own connection takes 30 ms to read authorities that nobody asks for.
    engine = sa.create_engine(url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")

    @sa.event.listens_for(engine, "do_connect")
    def open_connection(_dialect: Any, _record: Any, arguments: Any, named: Any) -> LocalFileConnection:
        return LocalFileConnection(*arguments, **named)

    return engine


def _tables() -> list[str]:
    return [table.name for table in METADATA.sorted_tables] + [_VERSION_TABLE]


def _definitions(connection: Connection, table: str) -> list[str]:
    if connection.dialect.name == "sqlite":
        query = sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :table AND sql IS NOT NULL ORDER BY rowid")
        return list(connection.scalars(query, {"table": table}))
    return [connection.exec_driver_sql(f"SHOW CREATE TABLE {table}").one()[1].replace("%", "%%")]
