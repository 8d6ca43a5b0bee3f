"""The years whose last run ended before it brought them to their end, by Dagster's books."""

from collections.abc import Iterable
from dataclasses import dataclass

import dagster as dg

_ENDED_BADLY = (dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@dataclass(frozen=True)
class FailedYear:
    """A year of an asset, and the run that was to make it.

    Attributes:
        year: the partition.
        asset: as place/thing.
        run_id: the last run that was asked for the year.
        status: how it ended.
    """

    year: int
    asset: str
    run_id: str
    status: str


def failed_years(instance: dg.DagsterInstance, assets: Iterable[str]) -> list[FailedYear]:
    """Years of assets that were asked for after their last materialization, by a run that failed or was cancelled.

    Args:
        instance: whose books.
        assets: as place/thing.

    Returns:
        By year, in the order of the assets.
    """
    found = []
    for asset in assets:
        attempts = (
            instance.event_log_storage.get_latest_asset_partition_materialization_attempts_without_materializations(
                dg.AssetKey(asset.split("/"))
            )
        )
        asked = sorted({run_id for run_id, _ in attempts.values()})
        runs = instance.get_runs(dg.RunsFilter(run_ids=asked)) if asked else []
        ended = {run.run_id: run.status for run in runs if run.status in _ENDED_BADLY}
        found += [
            FailedYear(int(year), asset, run_id, ended[run_id].value.lower())
            for year, (run_id, _) in attempts.items()
            if run_id in ended
        ]
    return sorted(found, key=lambda one: one.year)
