"""Tests of ``babynames instance``, and of the doctor's look at Dagster."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from babynames_assets_tests.cli.test_command import CHECKOUT, Command
from babynames_assets_tests.servers.databases import fresh_database
from babynames_assets_tests.servers.kinds import Kind


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The command, on an instance of its own."""
    command = Command(tmp_path)
    command.environment.pop("DAGSTER_HOME", None)
    return command


def make_home(folder: Path, config: str) -> None:
    """A home with a dagster.yaml of the checkout."""
    folder.mkdir(parents=True)
    shutil.copyfile(CHECKOUT / config, folder / "dagster.yaml")


def test_a_dry_run_of_prune_says_what_would_go(command: Command, tmp_path: Path) -> None:
    """Of an instance without a run, nothing."""
    make_home(tmp_path / "state" / "dagster", "dagster.yaml")

    finished = command("instance", "prune", "--dry-run")

    assert finished.returncode == 0, finished.stderr
    assert "Would go" in finished.stdout
    assert "runs of which nothing else is kept" in finished.stdout


def test_without_an_instance_the_message_says_how_to_make_one(command: Command) -> None:
    """And that there may be one elsewhere."""
    finished = command("instance", "prune")

    assert finished.returncode == 1
    assert "DAGSTER_HOME" in finished.stderr
    assert "make dev" in finished.stderr


def test_widen_mends_what_the_doctor_finds(command: Command, tmp_path: Path, server_url: Callable[[Kind], str]) -> None:
    """The doctor says which column is short and names the command; after it there is nothing left to do."""
    make_home(tmp_path / "home", "deploy/dagster.yaml")
    with fresh_database(server_url(Kind.MYSQL)) as url:
        changes = {"BABYNAMES_DAGSTER__STORAGE_URL": url, "DAGSTER_HOME": str(tmp_path / "home")}
        command("doctor", **changes)  # makes the tables
        _shorten(url)

        found = command("doctor", **changes)
        mended = command("instance", "widen", **changes)
        again = command("instance", "widen", **changes)

    assert "runs.run_body" in found.stdout
    assert "babynames instance widen" in found.stdout
    assert mended.stdout == "Widened: runs.run_body.\n"
    assert again.stdout == "Nothing to do: every column has room.\n"


def test_widen_without_a_storage_says_what_to_set(command: Command) -> None:
    """SQLite has no short columns."""
    finished = command("instance", "widen")

    assert finished.returncode == 1
    assert "BABYNAMES_DAGSTER__STORAGE_URL" in finished.stderr


def _shorten(url: str) -> None:

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE runs MODIFY run_body TEXT")
