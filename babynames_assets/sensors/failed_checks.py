"""Failed checks of any severity, also those that do not stop a run, which Dagster calls a success."""

import json
from collections.abc import Collection, Mapping

import dagster as dg

from babynames_assets.checks.declared import FINDINGS, GUIDE
from babynames_assets.checks.hubspot import open_dead_letters_are_below_the_threshold
from babynames_assets.notifications.news import Kind, News
from babynames_assets.notifications.notifier import Notifier
from babynames_assets.notifications.sightings import Sighting

_TOLD_OTHERWISE = open_dead_letters_are_below_the_threshold.check_keys
"""By the sensor ``standing_troubles``, which also sees letters that no run has touched."""


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A check failed, or one that failed before passes: somebody is told.",
)
def failed_checks(context: dg.SensorEvaluationContext, notifier: dg.ResourceParam[Notifier]) -> dg.SensorResult:
    """Read the newest result of every check, and bring the incidents to those that are new."""
    keys = [key for key in _check_keys(context) if key not in _TOLD_OTHERWISE]
    newest = _newest(context.instance, keys)
    cursor = json.dumps({key: at for key, (at, _, _) in newest.items()})
    if context.cursor is None:
        skip = dg.SkipReason("From now on failed checks are told; results of before are no news.")
        return dg.SensorResult(skip_reason=skip, cursor=cursor)
    known: Mapping[str, float] = json.loads(context.cursor)
    fresh = [(result, run_id) for key, (at, result, run_id) in newest.items() if at > known.get(key, 0)]
    changes = notifier.saw([_sighting(result, run_id) for result, run_id in fresh])
    skip = dg.SkipReason(f"{len(fresh)} results are new; {len(changes)} incidents have changed.")
    return dg.SensorResult(skip_reason=skip, cursor=json.dumps({**known, **json.loads(cursor)}))


def _check_keys(context: dg.SensorEvaluationContext) -> Collection[dg.AssetCheckKey]:
    repository = context.repository_def
    return repository.asset_graph.asset_check_keys if repository else ()


def _newest(
    instance: dg.DagsterInstance, keys: Collection[dg.AssetCheckKey]
) -> dict[str, tuple[float, dg.AssetCheckEvaluation, str]]:
    """The newest result of each check, with its moment and run. One that is being evaluated waits for the next tick."""
    found = {}
    records = instance.event_log_storage.get_latest_asset_check_execution_by_key(list(keys)) if keys else {}
    for key, record in records.items():
        entry = record.event
        if entry and entry.dagster_event and entry.dagster_event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            result = entry.dagster_event.asset_check_evaluation_data
            found[key.to_user_string()] = (entry.timestamp, result, record.run_id)
    return found


def _sighting(result: dg.AssetCheckEvaluation, run_id: str) -> Sighting:
    key = f"failed_checks/{result.asset_key.to_user_string()}/{result.check_name}"
    years = frozenset({result.partition}) if result.partition else frozenset[str]()
    return Sighting(key, years, None if result.passed else _news(result, run_id))


def _news(result: dg.AssetCheckEvaluation, run_id: str) -> News:
    asset = result.asset_key.to_user_string()
    kind = _kind(result)
    said = {"blocking_checks": "failed, and stops what follows", "failed_checks": "failed", "check_warnings": "warns"}
    return News(
        kind=kind,
        title=f"The check {result.check_name} {said[kind]}",
        where=asset,
        why=result.description or _numbers(result) or "The check gives no reason",
        what_to_do=_what_to_do(result),
        run_id=run_id or None,
        path=f"/assets/{asset}?view=checks&checkDetail={result.check_name}",
    )


def _what_to_do(result: dg.AssetCheckEvaluation) -> str:
    guide = f"{GUIDE} says what mends {result.check_name}"
    if FINDINGS not in result.metadata:
        return f"{guide}; its numbers stand at the check in Dagster"
    return f"{guide}; what is wrong, row by row: babynames checks findings --check {result.check_name}"


def _kind(result: dg.AssetCheckEvaluation) -> Kind:
    if result.severity == dg.AssetCheckSeverity.WARN:
        return "check_warnings"
    return "blocking_checks" if result.blocking else "failed_checks"


def _numbers(result: dg.AssetCheckEvaluation) -> str:
    values = {name: value.value for name, value in result.metadata.items()}
    return ", ".join(f"{name}: {value}" for name, value in values.items() if isinstance(value, int | float))
