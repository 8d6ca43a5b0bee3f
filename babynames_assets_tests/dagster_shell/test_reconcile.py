"""Tests of reading back by Dagster: a check after each sync, a job for everything; in a real instance."""

from collections.abc import Mapping
from typing import Any

import dagster as dg
import pytest

from babynames_assets.checks.hubspot import hubspot_holds_what_the_warehouse_says, judge_reading
from babynames_assets.definitions import defs
from babynames_assets.jobs.reconcile import reconcile_contacts_job
from babynames_assets.sync.drift import KINDS
from babynames_assets.sync.reconcile_progress import DriftExample, ReconcileProgress, YearReading
from babynames_assets_tests.dagster_shell.conftest import Installation
from babynames_assets_tests.hubspot.next_day import begin_next_day
from babynames_assets_tests.sync.planning import CONTACTS, calls_of
from babynames_assets_tests.sync.reading_back import People

[CHECK] = hubspot_holds_what_the_warehouse_says.check_keys
READ = f"POST {CONTACTS}/batch/read"


def sync(installation: Installation) -> None:
    """Load and sync two years of three names."""
    rows = "".join(f"{year},Na{letter},F,7\n" for year in (2001, 2002) for letter in "abc")
    installation.publish(f"Year,Name,Sex,Count\n{rows}")
    installation.run_everything(2001, 2002)


def checked(installation: Installation) -> dg.AssetCheckEvaluation:
    """The newest result of the check."""
    storage = installation.instance.event_log_storage
    record = storage.get_latest_asset_check_execution_by_key([CHECK])[CHECK]
    assert record.event is not None
    assert record.event.dagster_event is not None
    return record.event.dagster_event.asset_check_evaluation_data


def metadata(evaluation: dg.AssetCheckEvaluation | dg.AssetCheckResult) -> dict[str, Any]:
    """What the result shows."""
    return {name: getattr(value, "value", value) for name, value in (evaluation.metadata or {}).items()}


def run_job(installation: Installation, **config: object) -> dg.ExecuteInProcessResult:
    """Execute the job, told what to do."""
    return defs.resolve_job_def(reconcile_contacts_job.name).execute_in_process(
        instance=installation.instance, run_config={"ops": {"reconcile_contacts": {"config": config}}}
    )


def observed(installation: Installation) -> Mapping[str, object]:
    """What the job shows at the asset."""
    [record] = installation.instance.fetch_observations(dg.AssetKey(["hubspot", "contacts"]), limit=1).records
    assert record.asset_observation is not None
    return {name: value.value for name, value in record.asset_observation.metadata.items()}


def test_every_sync_is_checked(installation: Installation) -> None:
    """The check passes, of contacts of the run's years."""
    sync(installation)

    evaluation = checked(installation)

    assert evaluation.passed
    shown = metadata(evaluation)
    assert (shown["what"], shown["read"], shown["edited"], shown["deleted"]) == ("sample", 6, 0, 0)
    assert shown["examples"] == "No contact differs."


def test_what_people_did_fails_the_check_of_the_next_sync(installation: Installation) -> None:
    """The run itself succeeds: the check says which contact, what it is and what it should be."""
    sync(installation)
    people = People(installation.hubspot)
    people.edit("2001-F-Naa", births="99")
    people.delete("2002-F-Nab")

    result = installation.run("hubspot/contacts", years=(2001, 2002))

    assert result.success
    evaluation = checked(installation)
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.ERROR)
    shown = metadata(evaluation)
    assert (shown["edited"], shown["deleted"]) == (1, 1)
    assert "births is 99, not 7" in shown["examples"]
    assert "| 2002 | 3 | 0 | 1 | 0 | 0 |" in shown["years"]


def test_a_check_looks_at_the_years_of_its_run(sqlite_installation: Installation) -> None:
    """Other years are other runs' business; a check that is run alone looks at all."""
    sync(sqlite_installation)
    People(sqlite_installation.hubspot).edit("2001-F-Naa", births="99")

    sqlite_installation.run("hubspot/contacts", years=(2002, 2002))
    of_2002 = checked(sqlite_installation)
    job = defs.get_repository_def().get_implicit_global_asset_job_def()
    job.get_subset(asset_selection=set(), asset_check_selection={CHECK}).execute_in_process(
        instance=sqlite_installation.instance
    )
    of_all = checked(sqlite_installation)

    assert (of_2002.passed, metadata(of_2002)["read"]) == (True, 3)
    assert (of_all.passed, metadata(of_all)["read"]) == (False, 6)


def test_a_check_costs_a_call_a_hundred_contacts_of_its_sample(
    sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And none where the sample is set to nothing."""
    sync(sqlite_installation)

    def run() -> None:
        sqlite_installation.run("hubspot/contacts", years=(2001, 2002))

    monkeypatch.setenv("BABYNAMES_HUBSPOT__CHECK_SAMPLE", "2")
    two = calls_of(sqlite_installation.hubspot, run)
    assert (two[READ], metadata(checked(sqlite_installation))["read"]) == (1, 2)

    monkeypatch.setenv("BABYNAMES_HUBSPOT__CHECK_SAMPLE", "0")
    none = calls_of(sqlite_installation.hubspot, run)
    assert (none[READ], checked(sqlite_installation).passed) == (0, True)


def test_a_hubspot_that_cannot_be_asked_is_a_warning(sqlite_installation: Installation) -> None:
    """The sync is done; that it could not be looked at is no drift, and fails no run."""
    sync(sqlite_installation)
    sqlite_installation.hubspot.order(kind="daily", path="/batch/read", times=100)

    result = sqlite_installation.run("hubspot/contacts", years=(2001, 2002))

    assert result.success
    evaluation = checked(sqlite_installation)
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "could not be asked" in (evaluation.description or "")


def test_the_job_reads_everything_and_brings_the_check_to_it(installation: Installation) -> None:
    """Strangers too, which the sample does not look for; nothing is changed."""
    sync(installation)
    people = People(installation.hubspot)
    people.edit("2001-F-Naa", births="99")
    people.add("2001-F-Stranger", "1990-F-Stranger")
    before = installation.hubspot.births()

    result = run_job(installation)

    assert result.success
    assert installation.hubspot.births() == before
    assert observed(installation) == {"read": 6, "edited": 1, "deleted": 0, "merged": 0, "unknown": 2}
    evaluation = checked(installation)
    assert not evaluation.passed
    assert metadata(evaluation)["what"] == "everything"
    assert "| others | 0 | 0 | 0 | 0 | 1 |" in metadata(evaluation)["years"]


def test_the_job_mends_when_it_is_told_to(installation: Installation) -> None:
    """What differs is sent again, what has no row is archived; the next run finds nothing, and the check passes."""
    sync(installation)
    people = People(installation.hubspot)
    people.edit("2001-F-Naa", births="99")
    people.delete("2001-F-Nab")
    people.merge("2002-F-Naa", into="2002-F-Nab")

    run_job(installation, repair=True)
    run_job(installation)

    assert installation.hubspot.births() == {f"{year}-F-Na{one}": "7" for year in (2001, 2002) for one in "abc"}
    assert checked(installation).passed


def test_the_job_reads_the_years_that_it_is_told(sqlite_installation: Installation) -> None:
    """One, or a range."""
    sync(sqlite_installation)

    run_job(sqlite_installation, first_year=2002)
    assert observed(sqlite_installation)["read"] == 3
    run_job(sqlite_installation, first_year=2001, last_year=2002)
    assert observed(sqlite_installation)["read"] == 6


def test_a_job_that_the_day_is_too_short_for_says_so_and_goes_on(sqlite_installation: Installation) -> None:
    """The run succeeds as paused: the check does not pass on half of the contacts, and the next run reads the rest."""
    sync(sqlite_installation)
    sqlite_installation.hubspot.order(kind="daily", path="/batch/read", skip=1, times=100)

    paused = run_job(sqlite_installation)
    half = checked(sqlite_installation)
    sqlite_installation.hubspot.end_faults()
    begin_next_day(sqlite_installation.engine)
    calls = calls_of(sqlite_installation.hubspot, lambda: run_job(sqlite_installation))

    assert paused.success
    assert (half.passed, half.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert metadata(half)["read"] == 3
    assert calls[READ] == 1
    assert checked(sqlite_installation).passed
    assert metadata(checked(sqlite_installation))["read"] == 6


def test_a_result_stays_small_and_harmless_whatever_is_found() -> None:
    """Dagster's MySQL storage takes 64 KiB; a name from outside is shown as text."""
    nasty = '<script>|"' + "x" * 500
    progress = ReconcileProgress(
        years={year: YearReading(read=10**6, edited=10**6, deleted=10**6) for year in range(1000, 2000)},
        examples=[
            DriftExample(kind, nasty, "1" * 30, {"firstname": (nasty, nasty)}) for kind in KINDS for _ in range(10)
        ],
    )

    shown = metadata(judge_reading(progress, what="everything"))

    assert sum(len(str(value)) for value in shown.values()) < 17_000
    assert shown["years"].startswith("| year | read |")
    assert "<script>" not in shown["examples"]
    assert "\\|" in shown["examples"]
