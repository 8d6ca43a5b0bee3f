"""Tests of the order in which runs that wait begin."""

import dagster as dg
import pytest
from dagster._core.storage.tags import PRIORITY_TAG

from babynames_assets.definitions import defs
from babynames_assets_tests.dagster_shell.conftest import Installation
from babynames_assets_tests.dagster_shell.ticks import NAMES, Ticks, land, look_twice


@pytest.fixture
def ticks(sqlite_installation: Installation) -> Ticks:
    """An installation with a version on Kaggle that is not here."""
    sqlite_installation.publish(NAMES)
    return Ticks(sqlite_installation)


def priorities(requests: list[dg.RunRequest]) -> list[str | None]:
    """What Dagster's queue goes by; it reads a missing one as 0."""
    return [request.tags.get(PRIORITY_TAG) for request in requests]


def test_new_data_comes_first(ticks: Ticks) -> None:
    """Whoever notices it: Kaggle's sensor, the clock, the landing folder; and the years that follow."""
    requested = [ticks.look("new_kaggle_version"), ticks.schedule("daily_refresh")]
    assert ticks.run(requested[0][0]).success
    requested.append(ticks.look("changed_years"))
    land(text=f"{NAMES}2002,Anna,F,8\n")
    requested.append(look_twice(ticks))

    assert [priorities(requests) for requests in requested] == [["10"]] * 4


def test_upkeep_waits_for_all_else() -> None:
    """Also when a person starts it: the tag is the job's own."""
    jobs = [job for job in defs.get_repository_def().get_all_jobs() if not job.name.startswith("__")]

    assert {job.name: job.tags.get(PRIORITY_TAG) for job in jobs} == {
        "check_freshness_job": "10",
        "prepare_years_job": "-10",
        "prune_instance_job": "-10",
        "reconcile_contacts_job": "-10",
        "redrive_dead_letters_job": "-10",
    }
