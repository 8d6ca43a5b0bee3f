"""What a finished run says of each of its steps: it went well, or it failed, where and why."""

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster._core.execution.stats import StepEventStatus  # neither has a public name
from dagster_shared.error import SerializableErrorInfo

from babynames_assets.notifications.news import News
from babynames_assets.notifications.sightings import Sighting
from babynames_assets.partitions import tagged_years

_WILL_RETRY = "dagster/will_retry"
_OF_A_BLOCKING_CHECK = "DagsterAssetCheckFailedError"
_OF_DAGSTER = ("Dagster", "RetryRequestedFromPolicy")
_FAILED = (StepEventStatus.FAILURE, StepEventStatus.IN_PROGRESS)
_NOT_STARTED = "failed_runs/not_started"
_DIED = "The process of the run ended in the middle of this step, or was killed"
_REPEAT = "Mend the cause, then materialize it again: docs/guides/backfills.md"
_REPEAT_YEARS = "Mend the cause, then run the years that failed again: babynames backfill --failed"
_LOOK = "Look at the run's events in Dagster, and at: babynames doctor"


def sightings(instance: dg.DagsterInstance, run_id: str) -> Iterator[Sighting]:
    """What a run says of its steps; of one that never began a step, that runs do not start."""
    run = instance.get_run_by_id(run_id)
    if run is None or run.tags.get(_WILL_RETRY) == "true":
        return  # it was deleted; or Dagster runs it again by itself, and the last of these runs is told
    steps = instance.get_run_step_stats(run_id)
    for step in steps:
        if step.status == StepEventStatus.SUCCESS:
            yield Sighting(_key(step.step_key), tagged_years(run.tags), None)
    if run.is_success:
        yield Sighting(_NOT_STARTED, frozenset(), None)
    else:
        yield from _failures(instance, run, [step.step_key for step in steps if step.status in _FAILED])


def _failures(instance: dg.DagsterInstance, run: dg.DagsterRun, failed: Sequence[str]) -> Iterator[Sighting]:
    errors = _errors(instance, run.run_id)
    for step_key in failed:
        error = errors.get(step_key)
        # A blocking check is told by the sensor of failed checks.
        if error is None or not _is_of_a_check(error):
            yield Sighting(_key(step_key), tagged_years(run.tags), _news(run, step_key, error))
    if not failed:
        yield Sighting(_NOT_STARTED, frozenset(), _news_of_none(instance, run))


def _key(step_key: str) -> str:
    return f"failed_runs/{step_key}"


def _errors(instance: dg.DagsterInstance, run_id: str) -> dict[str, SerializableErrorInfo | None]:
    events = instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
    failures = [entry.dagster_event for entry in events if entry.dagster_event]
    return {event.step_key or "": event.step_failure_data.error for event in failures}


def _is_of_a_check(error: SerializableErrorInfo) -> bool:
    return any(one.cls_name == _OF_A_BLOCKING_CHECK for one in _chain(error))


def _chain(error: SerializableErrorInfo) -> list[SerializableErrorInfo]:
    """An error and its causes, the first cause last."""
    chain = [error]
    while chain[-1].cause:
        chain.append(chain[-1].cause)
    return chain


def _news(run: dg.DagsterRun, step_key: str, error: SerializableErrorInfo | None) -> News:
    where = _place(run, step_key)
    return News(
        kind="failed_runs",
        title=f"{where} failed",
        where=where,
        why=_reason(error) if error else _DIED,
        what_to_do=_what_to_do(run),
        run_id=run.run_id,
        path=f"/runs/{run.run_id}",
    )


def _what_to_do(run: dg.DagsterRun) -> str:
    if not run.asset_selection:
        return _LOOK
    return _REPEAT_YEARS if tagged_years(run.tags) else _REPEAT


def _reason(error: SerializableErrorInfo) -> str:
    """What the step itself raised, and not what Dagster or a library made of it, or was its cause in turn."""
    chain = _chain(error)
    # Dagster's own errors stand around the one that the step raised.
    raised = next((one for one in chain if not (one.cls_name or "").startswith(_OF_DAGSTER)), chain[-1])
    _, _, text = raised.message.partition(": ")
    return text or raised.message


def _news_of_none(instance: dg.DagsterInstance, run: dg.DagsterRun) -> News:
    events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
    message = next((entry.dagster_event.message for entry in events if entry.dagster_event), None)
    return News(
        kind="failed_runs",
        title="A run failed before its first step",
        where=", ".join(sorted(key.to_user_string() for key in run.asset_selection or ())) or run.job_name,
        why=message or "Dagster says no more",
        what_to_do=_LOOK,
        run_id=run.run_id,
        path=f"/runs/{run.run_id}",
    )


def _place(run: dg.DagsterRun, step_key: str) -> str:
    """The asset of a step, as place/thing; else the job and its step."""
    for key in run.asset_selection or ():
        if key.to_python_identifier() == step_key:
            return key.to_user_string()
    return step_key if run.asset_selection else f"{run.job_name}, {step_key}"
