"""What runs that are queued or running are about, whoever started them."""

import dagster as dg
from dagster import DagsterRunStatus

from babynames_assets.partitions import tagged_years

_UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


def unfinished_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """The runs that are queued or running. One whose process died is among them until Dagster notices."""
    return list(instance.get_runs(filters=dg.RunsFilter(statuses=_UNFINISHED)))


def is_materialized_by(runs: list[dg.DagsterRun], key: dg.AssetKey) -> bool:
    """Whether one of some runs materializes an asset."""
    return any(key in (run.asset_selection or ()) for run in runs)


def years_of_runs(runs: list[dg.DagsterRun]) -> set[int]:
    """The years that some runs are about."""
    return {int(year) for run in runs for year in tagged_years(run.tags)}
