"""Failed runs: which step of which years failed and why; a later success of the same step and years ends it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import dagster as dg

from babynames_assets.notifications.notifier import Notifier
from babynames_assets.sensors.finished_steps import sightings

_AT_ONCE = 20
"""Finished runs of each kind that one tick reads: their steps are some queries each."""

_KINDS = (dg.DagsterEventType.RUN_FAILURE, dg.DagsterEventType.RUN_SUCCESS)


@dataclass(frozen=True)
class _Page:
    """Finished runs of one kind, the oldest first, and the cursor behind them."""

    ends: Sequence[dg.EventLogRecord]
    cursor: str
    has_more: bool


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A run failed, or what failed before went well: somebody is told.",
)
def failed_runs(context: dg.SensorEvaluationContext, notifier: dg.ResourceParam[Notifier]) -> dg.SensorResult:
    """Read the runs that finished since the last tick, and bring the incidents to them."""
    instance = context.instance
    if context.cursor is None:
        return dg.SensorResult(
            skip_reason=dg.SkipReason("From now on failed runs are told; those of before are no news."),
            cursor=json.dumps({kind.value: _newest(instance, kind) for kind in _KINDS}),
        )
    cursors = json.loads(context.cursor)
    pages = {kind: _read(instance, kind, cursors[kind.value], _AT_ONCE) for kind in _KINDS}
    pages = {kind: _up_to(instance, kind, cursors[kind.value], page, pages) for kind, page in pages.items()}
    ends = sorted((end for page in pages.values() for end in page.ends), key=lambda end: end.storage_id)
    changes = notifier.saw([one for end in ends for one in sightings(instance, end.run_id)])
    return dg.SensorResult(
        skip_reason=dg.SkipReason(f"{len(ends)} runs have finished; {len(changes)} incidents have changed."),
        cursor=json.dumps({kind.value: page.cursor for kind, page in pages.items()}),
    )


def _newest(instance: dg.DagsterInstance, kind: dg.DagsterEventType) -> str:
    return instance.fetch_run_status_changes(kind, limit=1).cursor


def _read(instance: dg.DagsterInstance, kind: dg.DagsterEventType, cursor: str, limit: int) -> _Page:
    found = instance.fetch_run_status_changes(kind, limit=limit, cursor=cursor, ascending=True)
    return _Page(found.records, found.cursor, found.has_more)


def _up_to(
    instance: dg.DagsterInstance,
    kind: dg.DagsterEventType,
    cursor: str,
    page: _Page,
    pages: dict[dg.DagsterEventType, _Page],
) -> _Page:
    """The part of a page that every other one has reached too: else a success would be read before its failure."""
    last = min((other.ends[-1].storage_id for other in pages.values() if other.has_more and other.ends), default=None)
    if last is None:
        return page
    reached = [end for end in page.ends if end.storage_id <= last]
    if len(reached) == len(page.ends):
        return page
    return _read(instance, kind, cursor, len(reached)) if reached else _Page([], cursor, has_more=True)
