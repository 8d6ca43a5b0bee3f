"""Fixtures for every test: a fresh warehouse on SQLite, on MySQL and on MariaDB."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from pydantic import SecretStr

from babynames_assets.warehouse.engine import Engine, open_engine
from babynames_assets_tests.servers.databases import Schema, apply_schema, fresh_database, read_schema
from babynames_assets_tests.servers.kinds import Kind
from babynames_assets_tests.servers.provision import server

# How long an example takes says how busy the machine is; a test that hangs is ended by its timeout.
settings.register_profile("steady", settings(), deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> Iterator[Callable[[Kind], str]]:
    """Gives the URL of a running server, which the first test that asks for it starts."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with ExitStack() as servers:

        @cache
        def start(kind: Kind) -> str:
            with capture.global_and_fixture_disabled():  # a download takes a while: somebody wants to read so
                return servers.enter_context(server(kind))

        yield start


@pytest.fixture(scope="session")
def migrated_schema(
    server_url: Callable[[Kind], str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Schema]:
    """Gives the newest schema of a dialect or kind of server; migrations run once for each."""

    @cache
    def read(place: str) -> Schema:
        if place == "sqlite":
            return read_schema(f"sqlite:///{tmp_path_factory.mktemp('schema') / 'warehouse.sqlite'}")
        with fresh_database(server_url(Kind(place))) as url:
            return read_schema(url)

    return read


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'warehouse' / 'warehouse.sqlite'}"


@pytest.fixture
def sqlite_engine(sqlite_url: str, migrated_schema: Callable[[str], Schema]) -> Iterator[Engine]:
    """A migrated warehouse on SQLite."""
    yield from _migrated(sqlite_url, migrated_schema("sqlite"))


@pytest.fixture(params=["sqlite", *(kind.value for kind in Kind)])
def warehouse_kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn: sqlite, mysql, mariadb."""
    return str(request.param)


@pytest.fixture
def warehouse_url(warehouse_kind: str, sqlite_url: str, server_url: Callable[[Kind], str]) -> Iterator[str]:
    """The URL of a fresh, empty database on SQLite, MySQL and MariaDB in turn."""
    if warehouse_kind == "sqlite":
        yield sqlite_url
        return
    with fresh_database(server_url(Kind(warehouse_kind))) as url:
        yield url


@pytest.fixture
def engine(warehouse_url: str, warehouse_kind: str, migrated_schema: Callable[[str], Schema]) -> Iterator[Engine]:
    """A migrated warehouse on SQLite, MySQL and MariaDB in turn."""
    yield from _migrated(warehouse_url, migrated_schema(warehouse_kind))


@pytest.fixture(params=list(Kind))
def server_engine(
    request: pytest.FixtureRequest,
    server_url: Callable[[Kind], str],
    migrated_schema: Callable[[str], Schema],
) -> Iterator[Engine]:
    """A migrated warehouse on MySQL and on MariaDB in turn, for what SQLite does not have."""
    with fresh_database(server_url(request.param)) as url:
        yield from _migrated(url, migrated_schema(request.param))


def _migrated(url: str, schema: Schema) -> Iterator[Engine]:
    engine = open_engine(SecretStr(url))
    apply_schema(engine, schema)
    yield engine
    engine.dispose()
