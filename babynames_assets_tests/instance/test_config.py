"""Tests of the two files that configure an instance."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from babynames_assets.instance.launcher import WatchfulRunLauncher
from babynames_assets.settings import environment_with
from babynames_assets_tests.environment import clear_settings
from babynames_assets_tests.instance.homes import CHECKOUT, EMBEDDED, PRODUCTION, make_home


def test_production_differs_in_the_storage_alone() -> None:
    """What is tried on a laptop holds in production."""
    embedded, production = (yaml.safe_load(file.read_text()) for file in (EMBEDDED, PRODUCTION))

    assert production.pop("storage")["custom"]["class"] == "PooledMySQLStorage"
    assert production == embedded


def test_an_embedded_instance_needs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps SQLite files in its home, and watches its runs as production does."""
    clear_settings(monkeypatch, tmp_path)

    with dg.DagsterInstance.from_config(str(make_home(tmp_path, EMBEDDED))) as instance:
        assert isinstance(instance.run_launcher, WatchfulRunLauncher)
        assert instance.run_launcher.supports_check_run_worker_health
        assert instance.run_monitoring_enabled
        assert instance.event_log_storage.supports_global_concurrency_limits
        assert not instance.run_retries_retry_on_asset_or_op_failure


def test_the_workspace_loads_without_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the webserver and the daemon load it: every warning is an error, and nothing is printed that says warning."""
    clear_settings(monkeypatch, tmp_path)
    home = make_home(tmp_path, EMBEDDED)
    # Dagster's own: pydantic's __fields__, the command that loads it here, and what it reads of each schedule.
    its_own = (
        "Function `definitions_validate_command`",
        "The `__fields__`",
        "Property `ScheduleDefinition.environment_vars`",
    )
    allowed = ",".join(["error", *(f"ignore:{text}" for text in its_own)])

    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"],
        cwd=CHECKOUT,
        env=environment_with(
            {"PYTHONWARNINGS": allowed, "DAGSTER_HOME": str(home), "BABYNAMES_ENV_FILE": str(tmp_path / "none.env")}
        ),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower()


def test_loading_the_code_location_does_not_import_what_it_does_not_need() -> None:
    """It loads in under three seconds; each of these would add a good part of one, in every process of Dagster."""
    code = "import babynames_assets.definitions, sys; print(*sys.modules)"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    heavy = {"kaggle", "pandas", "pyarrow", "numpy", "mysql.connector", "dagster_mysql", "dagster_webserver"}
    assert heavy & set(said.split()) == set()
