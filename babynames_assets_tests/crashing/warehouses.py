"""Warehouses for the crash campaigns: on servers that may be killed and started again, and on SQLite."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import sqlalchemy as sa
from pydantic import SecretStr

from babynames_assets.warehouse.engine import Engine, connect, open_engine
from babynames_assets.warehouse.migrations import up
from babynames_assets_tests.servers.databases import fresh_database
from babynames_assets_tests.servers.kinds import Kind
from babynames_assets_tests.servers.private import PrivateServer
from babynames_assets_tests.servers.provision import restartable_server

_SQLITE = "sqlite"
KINDS = [_SQLITE, *(kind.value for kind in Kind)]

_SETTLE_SECONDS = 60.0
_OTHERS = sa.text("SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")


@contextmanager
def warehouse(kind: str, folder: Path) -> Iterator[tuple[Engine, PrivateServer | None]]:
    """A migrated warehouse, and its server if it has one."""
    with ExitStack() as stack:
        server = None if kind == _SQLITE else stack.enter_context(restartable_server(Kind(kind)))
        url = stack.enter_context(fresh_database(server.url)) if server else f"sqlite:///{folder / 'warehouse.sqlite'}"
        engine = open_engine(SecretStr(url))
        stack.callback(engine.dispose)
        up(engine)
        yield engine, server


def settle(engine: Engine) -> None:
    """Wait until the server has noticed that a process is gone: its last commit may still be under way."""
    engine.dispose()
    if engine.dialect.name == _SQLITE:
        return
    deadline = time.monotonic() + _SETTLE_SECONDS
    with connect(engine) as connection:
        while connection.scalar(_OTHERS):
            assert time.monotonic() < deadline, "the server still has connections of a process that is dead"
            time.sleep(0.01)
