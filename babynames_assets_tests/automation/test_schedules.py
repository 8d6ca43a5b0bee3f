"""Test that a real daemon does what the schedules ask for, when their hour comes."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from babynames_assets.definitions import defs
from babynames_assets.emulators import dataset
from babynames_assets_tests.automation.daemons import Daemon
from babynames_assets_tests.automation.proof import stage

MODULE = "babynames_assets_tests.automation.every_minute"
"""Named, not imported: it changes the definitions of the process that imports it."""

SECONDS = 300.0
"""The longest wait; the next minute is at most one away."""


def ended_well(daemon: Daemon) -> set[str]:
    """The schedules of which a run was a success."""
    runs = daemon.instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.SUCCESS]))
    return {run.tags["dagster/schedule_name"] for run in runs if "dagster/schedule_name" in run.tags}


def why_runs_failed(instance: dg.DagsterInstance) -> Iterator[str]:
    """The error of each step that failed."""
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])):
        for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
            yield f"{run.job_name}: {entry.get_dagster_event().step_failure_data.error_display_string}"


@pytest.mark.timeout(600)
def test_every_schedule_leads_to_a_run_that_succeeds(tmp_path: Path) -> None:
    """The file is fetched, HubSpot read back, the storage pruned, the new year prepared, the freshness asked for."""
    schedules = {schedule.name for schedule in defs.get_repository_def().schedule_defs}
    file = tmp_path / "release.csv"
    dataset.generate(file, seed=12, first_year=2001, last_year=2003, rows=60)
    folder = tmp_path / "installation"
    folder.mkdir()

    with stage(folder, module=MODULE, seconds=SECONDS, INGEST__FIRST_YEAR="2001") as here:
        here.publish(file)
        with here.daemon() as daemon:
            daemon.wait(lambda: ended_well(daemon) == schedules, what="a run of every schedule", seconds=SECONDS)
            failures = list(why_runs_failed(daemon.instance))

    assert failures == []
