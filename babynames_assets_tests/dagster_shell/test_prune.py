"""Tests of the job that prunes the instance: it counts in a dry run, prunes otherwise, and shows its numbers."""

from typing import Any

import dagster as dg

from babynames_assets.definitions import defs
from babynames_assets_tests.dagster_shell.conftest import Installation


def pruned(installation: Installation, *, dry_run: bool) -> dict[str, Any]:
    """Run the job; the numbers at its output."""
    result = defs.resolve_job_def("prune_instance_job").execute_in_process(
        instance=installation.instance,
        run_config={"ops": {"prune_instance": {"config": {"dry_run": dry_run}}}},
    )
    [output] = [event for event in result.all_events if event.event_type == dg.DagsterEventType.STEP_OUTPUT]
    return {name: value.value for name, value in output.step_output_data.metadata.items()}


def test_the_job_prunes_what_the_settings_say(sqlite_installation: Installation) -> None:
    """Nothing is as old as that here; the numbers say so."""
    numbers = pruned(sqlite_installation, dry_run=True)

    assert numbers["dry_run"] is True
    assert set(numbers) == {"dry_run", "rows", "events", "history", "check_results", "runs", "signs"}
    assert (numbers["events"], numbers["runs"]) == (0, 0)
    assert pruned(sqlite_installation, dry_run=False)["dry_run"] is False
