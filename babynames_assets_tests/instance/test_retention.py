"""Tests of what is pruned and what stays, on SQLite, MySQL and MariaDB: the UI shows the same state after it."""

import datetime as dt
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest

from babynames_assets.instance import dagster_rows
from babynames_assets.instance.retention import Keep, keep_by, prune
from babynames_assets.instance.vigil import last_sign, show
from babynames_assets.instance.workers import this_worker
from babynames_assets.setting_groups import DagsterSettings

YEARS = ["2001", "2002", "2003"]
LATER = dt.datetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(days=1)
EARLIER = LATER - dt.timedelta(days=30)
NOTHING = Keep(events=LATER, history=LATER, runs=LATER)
EVERYTHING = Keep(events=EARLIER, history=EARLIER, runs=EARLIER)


@dg.asset(
    partitions_def=dg.StaticPartitionsDefinition(YEARS), check_specs=[dg.AssetCheckSpec("holds", asset="numbers")]
)
def numbers(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """An asset that can fail."""
    if context.run.tags.get("fails"):
        raise dg.Failure("on purpose")
    context.log_event(dg.AssetObservation(asset_key="numbers", partition=context.partition_key))
    return dg.MaterializeResult(
        metadata={"year": context.partition_key},
        check_results=[dg.AssetCheckResult(passed=context.partition_key != "2002")],
    )


@dg.job
def side_job() -> None:
    """A job without an asset."""

    @dg.op
    def idle() -> None:
        """Do nothing."""

    idle()


def work(instance: dg.DagsterInstance) -> None:
    """Each year twice, 2003 failed afterwards, and a job of no asset."""
    for year in (*YEARS, *YEARS):
        dg.materialize([numbers], instance=instance, partition_key=year)
    dg.materialize([numbers], instance=instance, partition_key="2003", tags={"fails": "x"}, raise_on_error=False)
    side_job.execute_in_process(instance=instance)


def shown(instance: dg.DagsterInstance) -> dict[str, Any]:
    """What the UI shows of the present."""
    key, check = numbers.key, dg.AssetCheckKey(numbers.key, "holds")
    storage = instance.event_log_storage
    newest = {
        year: [
            record.storage_id
            for records in (
                instance.fetch_materializations(dg.AssetRecordsFilter(key, asset_partitions=[year]), limit=1).records,
                instance.fetch_observations(dg.AssetRecordsFilter(key, asset_partitions=[year]), limit=1).records,
            )
            for record in records
        ]
        for year in YEARS
    }
    checks = storage.get_latest_asset_check_execution_by_key([check])
    attempts = storage.get_latest_asset_partition_materialization_attempts_without_materializations(key)
    return {
        "partitions": storage.get_materialized_partitions(key),
        "newest": newest,
        "checks": {name: (one.run_id, one.status) for name, one in checks.items()},
        "failed": {year: run for year, (run, _) in attempts.items()},
        "asset": instance.get_latest_materialization_event(key),
        "runs of these": [instance.has_run(run) for run, _ in attempts.values()],
    }


def events(instance: dg.DagsterInstance, of_type: dg.DagsterEventType) -> int:
    """How many events of a kind there are."""
    return len(instance.event_log_storage.get_event_records(dg.EventRecordsFilter(of_type, asset_key=numbers.key)))


def test_pruning_everything_changes_nothing_that_the_ui_shows_of_the_present(any_instance: dg.DagsterInstance) -> None:
    """Partitions, their newest events, checks, and what failed."""
    work(any_instance)
    before = shown(any_instance)
    assert set(before["failed"]) == {"2003"}

    pruned = prune(any_instance, NOTHING)

    assert shown(any_instance) == before
    assert events(any_instance, dg.DagsterEventType.ASSET_MATERIALIZATION) == 3
    assert pruned.history >= 6
    assert pruned.check_results == 6
    assert pruned.runs >= 1


def test_a_dry_run_counts_what_would_go_and_removes_nothing(any_instance: dg.DagsterInstance) -> None:
    """It may count less than goes: runs whose last events would go are not forgotten yet."""
    work(any_instance)
    before = (shown(any_instance), len(any_instance.get_run_records()))

    counted = prune(any_instance, NOTHING, dry_run=True)

    assert (shown(any_instance), len(any_instance.get_run_records())) == before
    assert events(any_instance, dg.DagsterEventType.ASSET_MATERIALIZATION) == 6
    done = prune(any_instance, NOTHING)
    assert (done.events, done.check_results) == (counted.events, counted.check_results)
    assert done.runs >= counted.runs


def test_what_is_young_stays(any_instance: dg.DagsterInstance) -> None:
    """Nothing of the last month goes."""
    work(any_instance)

    pruned = prune(any_instance, EVERYTHING)

    assert replace(pruned, signs=0).rows == 0


def test_a_second_call_finds_nothing(any_instance: dg.DagsterInstance) -> None:
    """Nor does a call that goes on after one that was interrupted."""
    work(any_instance)
    prune(any_instance, NOTHING)

    assert prune(any_instance, NOTHING).rows == 0


def test_a_run_under_way_loses_nothing(any_instance: dg.DagsterInstance) -> None:
    """However old its events are."""
    run = any_instance.create_run_for_job(side_job, status=dg.DagsterRunStatus.STARTED)
    any_instance.report_engine_event("half-way", run)
    show(any_instance, run.run_id, this_worker())
    before = len(any_instance.all_logs(run.run_id))

    prune(any_instance, NOTHING)

    assert before
    assert len(any_instance.all_logs(run.run_id)) == before
    assert last_sign(any_instance, run.run_id) is not None


def test_signs_of_life_go_with_the_run(any_instance: dg.DagsterInstance) -> None:
    """Or there would be one for each run that ever was."""
    run = any_instance.create_run_for_job(side_job, status=dg.DagsterRunStatus.STARTED)
    show(any_instance, run.run_id, this_worker())
    any_instance.report_run_failed(run)

    assert prune(any_instance, EVERYTHING).signs == 1
    assert last_sign(any_instance, run.run_id) is None


def test_it_goes_on_from_chunk_to_chunk(any_instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is a transaction of its own."""
    work(any_instance)
    whole = prune(any_instance, NOTHING, dry_run=True)
    monkeypatch.setattr(dagster_rows, "CHUNK", 2)

    assert prune(any_instance, NOTHING, dry_run=True) == whole
    assert prune(any_instance, NOTHING).events == whole.events


def test_the_settings_are_days() -> None:
    """From now on backwards."""
    now = dt.datetime(2026, 7, 1)  # noqa: DTZ001 - as Dagster stores moments
    settings = DagsterSettings(keep_events_days=1, keep_history_days=2, keep_runs_days=3)

    assert keep_by(settings, now) == Keep(
        events=dt.datetime(2026, 6, 30),  # noqa: DTZ001 - as above
        history=dt.datetime(2026, 6, 29),  # noqa: DTZ001 - as above
        runs=dt.datetime(2026, 6, 28),  # noqa: DTZ001 - as above
    )
