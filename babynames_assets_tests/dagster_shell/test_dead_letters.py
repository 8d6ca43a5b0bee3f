"""Tests of redriving by Dagster: a sensor notices, a job sends, a check tells; in a real instance."""

import json
from datetime import timedelta

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster import DagsterInstance

from babynames_assets.checks.hubspot import judge_letters, open_dead_letters_are_below_the_threshold
from babynames_assets.definitions import defs
from babynames_assets.jobs.redrive import redrive_dead_letters_job
from babynames_assets.letters.standing import REASONS, Standing
from babynames_assets.resources.warehouse import WarehouseFactory
from babynames_assets.sensors.due_dead_letters import due_dead_letters
from babynames_assets.warehouse.letter_queries import Reason
from babynames_assets_tests.dagster_shell.conftest import Installation
from babynames_assets_tests.warehouse.letters import CONTACT, LINE, contact, fail, found, let_hours_pass, line

CHECK = "open_dead_letters_are_below_the_threshold"
NAMES = "YearOfBirth,Name,Sex,Number\n2001,Mary,F,7\n2001,Anna,F,5\n2001,Emma,F,3\n"


def refuse_mary(installation: Installation) -> None:
    """Load and sync three names; HubSpot refuses one of them, and hours pass."""
    installation.publish(NAMES)
    installation.hubspot.order(kind="conflict", path="/batch/upsert", contains="2001-F-Mary", times=1000)
    installation.run_everything(2001, 2001)
    let_hours_pass(installation.engine)


def evaluate(installation: Installation) -> dg.RunRequest | dg.SkipReason:
    """Let the sensor look once, as the daemon does."""
    sensor = defs.get_repository_def().get_sensor_def(due_dead_letters.name)
    resources = {"warehouse": WarehouseFactory()}
    with dg.build_sensor_context(instance=installation.instance, resources=resources) as context:
        answer = sensor(context)
    assert isinstance(answer, dg.RunRequest | dg.SkipReason)
    return answer


def run_job(installation: Installation, *, raise_on_error: bool = True) -> dg.ExecuteInProcessResult:
    """Execute the job that the sensor requests."""
    job = defs.resolve_job_def(redrive_dead_letters_job.name)
    return job.execute_in_process(instance=installation.instance, raise_on_error=raise_on_error)


def checked(instance: DagsterInstance) -> dg.AssetCheckEvaluation:
    """The newest result of the check."""
    [key] = open_dead_letters_are_below_the_threshold.check_keys
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([key])[key]
    assert record.event
    return record.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]


def test_a_refused_contact_arrives_by_itself_when_the_cause_is_gone(installation: Installation) -> None:
    """The sensor asks for one run, the run sends the contact, and afterwards nothing is due."""
    refuse_mary(installation)
    installation.hubspot.end_faults()

    request = evaluate(installation)
    result = run_job(installation)

    assert isinstance(request, dg.RunRequest)
    assert result.success
    assert installation.hubspot.births() == {"2001-F-Mary": "7", "2001-F-Anna": "5", "2001-F-Emma": "3"}
    assert [letter.status for letter in found(installation.engine)] == ["resolved"]
    assert isinstance(evaluate(installation), dg.SkipReason)


def test_the_asset_shows_what_a_redrive_did(sqlite_installation: Installation) -> None:
    """Whoever looks at hubspot/contacts sees the numbers, beside its materializations."""
    refuse_mary(sqlite_installation)
    sqlite_installation.hubspot.end_faults()

    run_job(sqlite_installation)

    [record] = sqlite_installation.instance.fetch_observations(dg.AssetKey(["hubspot", "contacts"]), limit=10).records
    observation = record.asset_observation
    assert observation
    numbers = {name: value.value for name, value in observation.metadata.items()}
    assert (numbers["redriven"], numbers["accepted"], numbers["refused_again"]) == (1, 1, 0)


def test_nothing_is_requested_twice(installation: Installation) -> None:
    """While a letter waits for the run that was requested, the request has the same key; a later letter has another."""
    refuse_mary(installation)

    first, again = evaluate(installation), evaluate(installation)
    run_job(installation)  # refused again: due later
    later = evaluate(installation)
    let_hours_pass(installation.engine)
    with installation.engine.begin() as connection:
        connection.execute(sa.text("UPDATE dead_letters SET next_attempt_at = '2001-01-01 00:00:01'"))
    next_one = evaluate(installation)

    assert isinstance(first, dg.RunRequest)
    assert isinstance(again, dg.RunRequest)
    assert isinstance(later, dg.SkipReason)
    assert isinstance(next_one, dg.RunRequest)
    assert first.run_key == again.run_key != next_one.run_key


def test_a_redrive_that_is_under_way_is_not_asked_for_again(sqlite_installation: Installation) -> None:
    """It takes what is due by itself."""
    refuse_mary(sqlite_installation)
    job = defs.resolve_job_def(redrive_dead_letters_job.name)
    sqlite_installation.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)

    answer = evaluate(sqlite_installation)

    assert isinstance(answer, dg.SkipReason)
    assert "under way" in str(answer.skip_message)


def test_a_day_whose_calls_are_spent_is_no_failure_of_the_run(sqlite_installation: Installation) -> None:
    """The sensor stays quiet until tomorrow, also about letters that were due and not taken."""
    refuse_mary(sqlite_installation)
    sqlite_installation.hubspot.end_faults()
    sqlite_installation.hubspot.order(kind="daily", path="/batch/upsert", times=1)

    result = run_job(sqlite_installation)

    let_hours_pass(sqlite_installation.engine)
    answer = evaluate(sqlite_installation)
    assert result.success
    assert isinstance(answer, dg.SkipReason)
    assert "nothing is sent before" in str(answer.skip_message)
    assert [letter.attempts for letter in found(sqlite_installation.engine)] == [1]


def test_a_failed_redrive_is_a_failed_run_and_is_asked_for_again_later(
    sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost scope needs a person: the run says so, the letters stay open, and not every minute has a failed run."""
    refuse_mary(sqlite_installation)
    sqlite_installation.hubspot.end_faults()
    sqlite_installation.hubspot.order(kind="missing_scopes", path="/batch/upsert", times=10)

    result = run_job(sqlite_installation, raise_on_error=False)

    let_hours_pass(sqlite_installation.engine)
    at_once = evaluate(sqlite_installation)
    monkeypatch.setattr("babynames_assets.sensors.due_dead_letters._ASKED_AGAIN", timedelta(microseconds=1))
    later = evaluate(sqlite_installation)
    assert not result.success
    assert isinstance(at_once, dg.SkipReason)
    assert "just failed" in str(at_once.skip_message)
    assert isinstance(later, dg.RunRequest)


def test_a_sync_is_checked_against_the_threshold(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One refused contact and a threshold of none: the check fails as an error, and an error stands in the log."""
    monkeypatch.setenv("BABYNAMES_DEAD_LETTERS__ALERT_ABOVE", "0")

    refuse_mary(installation)

    evaluation = checked(installation.instance)
    metadata = {name: value.value for name, value in evaluation.metadata.items()}
    assert (evaluation.passed, evaluation.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert (metadata["open"], metadata["threshold"], metadata["contacts"], metadata["lines"]) == (1, 0, 1, 0)
    assert "| 1 | contacts | CONFLICT | CONFLICT: Contact already exists. Existing ID: 6001 |" in str(
        metadata["reasons"]
    )
    lines = [json.loads(text) for text in capsys.readouterr().err.splitlines() if text.startswith("{")]
    [alert] = [one for one in lines if one["event"] == "dead_letters_above_threshold"]
    assert (alert["level"], alert["letters"], alert["threshold"], alert["of_sync"]) == ("error", 1, 0, 1)


def test_a_few_letters_do_not_fail_the_check(sqlite_installation: Installation) -> None:
    """Exactly the threshold is not above it."""
    refuse_mary(sqlite_installation)

    assert checked(sqlite_installation.instance).passed


def test_a_redrive_brings_the_check_to_what_is_open_now(
    sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is green again without a sync."""
    monkeypatch.setenv("BABYNAMES_DEAD_LETTERS__ALERT_ABOVE", "0")
    refuse_mary(sqlite_installation)
    before = checked(sqlite_installation.instance)
    sqlite_installation.hubspot.end_faults()

    run_job(sqlite_installation)

    assert (before.passed, checked(sqlite_installation.instance).passed) == (False, True)


def test_the_table_of_reasons_is_short_whatever_they_say() -> None:
    """Dagster fails a run whose metadata is too long; and a reason from outside is text, never markup."""
    hostile = "| <img src=x onerror=alert(1)> [click](javascript:alert(1)) ![](x) `code`\n\n# big " + "é" * 100_000
    found = Standing({"sync": 5, "import": 7}, 3, [Reason("sync", hostile, hostile, 9)] * REASONS, alert_above=1)

    metadata = judge_letters(found).metadata
    table = str(metadata["reasons"].value)

    assert len(table) <= 8_000
    assert all(row.replace(r"\|", "").count("|") == 5 for row in table.splitlines() if row.startswith("|"))
    assert "<img" not in table
    assert "[click](" not in table
    assert "![](" not in table


def test_without_letters_the_table_says_so() -> None:
    """An empty table would look like a failure to read."""
    metadata = judge_letters(Standing({}, 0, [], alert_above=100)).metadata

    assert metadata["reasons"].value == "No dead letter is open."


def test_the_counts_are_of_what_is_open(sqlite_installation: Installation) -> None:
    """Lines and contacts, and those of them that only a person can mend."""
    fail(sqlite_installation.engine, CONTACT, contact("2001-F-Zoe"), LINE, line(2), line(3))
    with sqlite_installation.engine.begin() as connection:
        connection.execute(sa.text("UPDATE dead_letters SET status = 'discarded' WHERE letter_key LIKE '%3'"))

    result = run_check(sqlite_installation)

    metadata = {name: value.value for name, value in result.metadata.items()}
    assert (metadata["open"], metadata["contacts"], metadata["lines"], metadata["for_a_person"]) == (4, 2, 2, 2)


def run_check(installation: Installation) -> dg.AssetCheckEvaluation:
    """Execute the check alone, as the UI's button does."""
    selection = dg.AssetSelection.checks(open_dead_letters_are_below_the_threshold)
    job = dg.Definitions(
        assets=defs.assets,
        asset_checks=defs.asset_checks,
        resources=defs.resources,
        jobs=[dg.define_asset_job("check_alone", selection)],
    ).resolve_job_def("check_alone")
    assert job.execute_in_process(instance=installation.instance).success
    return checked(installation.instance)
