"""Fixtures: Dagster's storage on MySQL and on MariaDB."""

from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from babynames_assets_tests.environment import clear_settings
from babynames_assets_tests.instance.homes import EMBEDDED, PRODUCTION, make_home
from babynames_assets_tests.servers.databases import fresh_database
from babynames_assets_tests.servers.kinds import Kind


@pytest.fixture(params=list(Kind))
def storage_url(
    request: pytest.FixtureRequest,
    server_url: Callable[[Kind], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    """An empty database on MySQL and on MariaDB in turn, which the settings name for Dagster's storage."""
    clear_settings(monkeypatch, tmp_path)
    with fresh_database(server_url(request.param)) as url:
        monkeypatch.setenv("BABYNAMES_DAGSTER__STORAGE_URL", url)
        yield url


@pytest.fixture
def home(storage_url: str, tmp_path: Path) -> Path:
    """The home of an instance in production."""
    return make_home(tmp_path, PRODUCTION)


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """An instance in production."""
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", *(kind.value for kind in Kind)])
def any_instance(
    request: pytest.FixtureRequest,
    server_url: Callable[[Kind], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dg.DagsterInstance]:
    """An instance on SQLite, MySQL and MariaDB in turn."""
    clear_settings(monkeypatch, tmp_path)
    if request.param == "sqlite":
        with dg.DagsterInstance.from_config(str(make_home(tmp_path, EMBEDDED))) as opened:
            yield opened
        return
    with fresh_database(server_url(Kind(request.param))) as url:
        monkeypatch.setenv("BABYNAMES_DAGSTER__STORAGE_URL", url)
        with dg.DagsterInstance.from_config(str(make_home(tmp_path, PRODUCTION))) as opened:
            yield opened
