"""Test that instances on SQLite files can be opened for ever."""

import gc
from contextlib import ExitStack
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage import sql

from babynames_assets.instance import migration_scripts
from babynames_assets_tests.environment import clear_settings
from babynames_assets_tests.instance.homes import EMBEDDED, make_home


@pytest.fixture
def resource(monkeypatch: pytest.MonkeyPatch) -> str:
    """Dagster names its migrations as it does without us."""
    as_shipped = "dagster:_core/storage/alembic"
    monkeypatch.setattr(sql, "ALEMBIC_SCRIPTS_LOCATION", as_shipped)
    sql.get_alembic_config.cache_clear()
    return as_shipped


@pytest.mark.usefixtures("resource")
def test_instances_that_were_closed_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the first, which makes the tables, nor those that find them."""
    clear_settings(monkeypatch, tmp_path)
    home = make_home(tmp_path, EMBEDDED)

    kept_as_shipped = _handles_kept_by_five_instances(home)
    migration_scripts.name_them_by_path()
    kept = _handles_kept_by_five_instances(home)

    assert kept_as_shipped >= 10  # else Dagster or Alembic has mended it, and this module may go
    assert kept == 0


def test_it_may_be_said_twice(resource: str) -> None:
    """A code location may be loaded more than once in a process; the folder exists."""
    migration_scripts.name_them_by_path()
    once = sql.ALEMBIC_SCRIPTS_LOCATION
    migration_scripts.name_them_by_path()

    assert sql.ALEMBIC_SCRIPTS_LOCATION == once != resource
    assert (Path(once) / "env.py").is_file()


def _handles_kept_by_five_instances(home: Path) -> int:
    before = _handles()
    for _ in range(5):
        _look(home)
    return _handles() - before


def _look(home: Path) -> None:
    with dg.DagsterInstance.from_config(str(home)) as opened:
        opened.get_runs_count()


def _handles() -> int:
    gc.collect()
    return sum(type(one) is ExitStack for one in gc.get_objects())
