"""Tests of ``babynames backfill``: it runs again what failed, by real runs of Dagster."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.cli.backfill import YEARS_IN_A_RUN, runs_of
from babynames_assets_tests.cli.test_command import SMALL, Command


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The command, on an instance of its own."""
    command = Command(tmp_path)
    command.environment.pop("DAGSTER_HOME", None)
    return command


@given(st.sets(st.integers(1880, 2030)))
def test_runs_take_every_year_once_and_not_too_many(years: set[int]) -> None:
    """In order, none that was not asked for, and at most 25 a run."""
    runs = list(runs_of(sorted(years)))
    taken = [year for first, last in runs for year in range(first, last + 1)]

    assert taken == sorted(years)
    assert all(last - first < YEARS_IN_A_RUN for first, last in runs)


def test_what_failed_is_run_again_and_then_nothing_failed(command: Command, tmp_path: Path) -> None:
    """A sync that was refused leaves its years undone; the ledger and Dagster's books both say so."""
    file = tmp_path / "names.csv"
    file.write_text(SMALL)
    refused = command("demo", "--dataset", str(file), BABYNAMES_HUBSPOT__PLAN_REQUIRED_ABOVE="0")
    assert refused.returncode == 1

    planned = command("backfill", "--failed", "--dry-run")
    some = command("backfill", "--failed", "--years", "2002", "--dry-run")
    again = command("backfill", "--failed")
    nothing = command("backfill", "--failed")

    assert "2001: hubspot/contacts ended as failure in run " in planned.stdout, planned.stderr
    assert "Would run: 2001-2003" in planned.stdout
    assert "Would run: 2002\n" in some.stdout
    assert "Done: 2001-2003" in again.stdout, again.stderr
    assert "Nothing failed." in nothing.stdout


def test_a_backfill_that_fails_says_why_and_ends_with_one(command: Command, tmp_path: Path) -> None:
    """And how to go on."""
    file = tmp_path / "names.csv"
    file.write_text(SMALL)
    assert command("demo", "--dataset", str(file), "--years", "2001").returncode == 0

    failed = command("backfill", "--years", "2002-2003", BABYNAMES_HUBSPOT__PLAN_REQUIRED_ABOVE="0")
    others = command("backfill", "--failed", "--dry-run", BABYNAMES_HUBSPOT__TIER="free")

    assert failed.returncode == 1
    assert "2002 to 2003: The Dagster run" in failed.stderr
    assert "babynames backfill --failed" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert "Would run: 2002-2003" in others.stdout


def test_years_that_nobody_asked_for_are_named_and_left_alone(command: Command, tmp_path: Path) -> None:
    """The ledger does not say that they failed."""
    file = tmp_path / "names.csv"
    file.write_text(SMALL)
    assert command("demo", "--dataset", str(file), "--years", "2001").returncode == 0

    found = command("backfill", "--failed")

    assert found.returncode == 0, found.stderr
    assert "no run of them failed: 2002-2003" in found.stdout
    assert "Nothing failed." in found.stdout


def test_it_does_not_guess_what_to_run(command: Command) -> None:
    """Neither option is a mistake in the command line."""
    finished = command("backfill")

    assert finished.returncode == 2
    assert "--failed" in finished.stderr
