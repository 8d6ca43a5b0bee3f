"""What Dagster's instance keeps: its event log, its history of assets and its runs grow without end otherwise.

Nothing that the UI says of the present goes: the newest materialization, observation, failure, plan and check result of
each asset and partition stays for ever, and so does the run that it came from. The rest goes by age, a thousand rows a
transaction.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, fields

import dagster as dg
import structlog

from babynames_assets.instance import dagster_rows
from babynames_assets.setting_groups import DagsterSettings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Keep:
    """From which moments on things are kept; in UTC, without a zone, as Dagster stores them.

    Attributes:
        events: log lines and events of steps and runs.
        history: materializations, observations and check results that newer ones have followed.
        runs: runs, with their tags.
    """

    events: dt.datetime
    history: dt.datetime
    runs: dt.datetime


@dataclass(frozen=True)
class Pruned:
    """How much went, or would go.

    Attributes:
        events: log lines and events of steps and runs.
        history: events of assets that newer ones have followed.
        check_results: of checks, likewise.
        runs: runs, each with its tags.
        signs: last signs of life of runs that have ended.
    """

    events: int
    history: int
    check_results: int
    runs: int
    signs: int

    @property
    def rows(self) -> int:
        """All together."""
        return sum(getattr(self, field.name) for field in fields(self))


def keep_by(settings: DagsterSettings, now: dt.datetime) -> Keep:
    """The moments that the settings mean.

    Args:
        settings: days.
        now: in UTC, without a zone.
    """
    days = (settings.keep_events_days, settings.keep_history_days, settings.keep_runs_days)
    return Keep(*(now - dt.timedelta(days=count) for count in days))


def prune(
    instance: dg.DagsterInstance,
    keep: Keep,
    *,
    dry_run: bool = False,
    say: Callable[[str], None] = lambda _text: None,
) -> Pruned:
    """Remove what is older than it need be; a call that was interrupted is made good by the next.

    Args:
        instance: whose.
        keep: from when on things stay.
        dry_run: remove nothing, and count what would go.
        say: told of each thing that is done.
    """
    counts: dict[str, int] = {}
    for name, remove in _STEPS.items():
        counts[name] = remove(instance, keep, dry_run)
        say(f"{name}: {counts[name]:,}")
    pruned = Pruned(**counts)
    _log.info("instance_pruned", dry_run=dry_run, **counts)
    return pruned


def _events(instance: dg.DagsterInstance, keep: Keep, dry_run: bool) -> int:
    gone = dagster_rows.empty_run_files(instance, keep.events, dry_run=dry_run)
    return gone + dagster_rows.remove(
        instance, dagster_rows.EVENTS, dagster_rows.plain_events_before(keep.events), dry_run=dry_run
    )


def _history(instance: dg.DagsterInstance, keep: Keep, dry_run: bool) -> int:
    return dagster_rows.remove(
        instance, dagster_rows.EVENTS, dagster_rows.followed_events_before(keep.history), dry_run=dry_run
    )


def _check_results(instance: dg.DagsterInstance, keep: Keep, dry_run: bool) -> int:
    return dagster_rows.remove(
        instance, dagster_rows.CHECK_RESULTS, dagster_rows.followed_results_before(keep.history), dry_run=dry_run
    )


def _runs(instance: dg.DagsterInstance, keep: Keep, dry_run: bool) -> int:
    runs = dagster_rows.forgotten_runs(instance, keep.runs)
    for run_id in runs if not dry_run else ():
        instance.delete_run(run_id)
        dagster_rows.remove_run_file(instance, run_id)
    return len(runs)


def _signs(instance: dg.DagsterInstance, keep: Keep, dry_run: bool) -> int:  # noqa: ARG001 - as the others
    return dagster_rows.remove_signs(instance, dry_run=dry_run)


_STEPS: dict[str, Callable[[dg.DagsterInstance, Keep, bool], int]] = {
    "check_results": _check_results,
    "history": _history,
    "events": _events,
    "runs": _runs,
    "signs": _signs,
}
