"""``prune_instance_job``: keeps Dagster's own storage small."""

import datetime as dt
from dataclasses import asdict

import dagster as dg
from pydantic import Field

from babynames_assets.instance.retention import keep_by, prune
from babynames_assets.priorities import UPKEEP
from babynames_assets.settings import Settings
from babynames_assets.step_failures import TRIED_AGAIN, lasting_failures_end


class PruneConfig(dg.Config):
    """What a run of prune_instance_job may be told."""

    dry_run: bool = Field(default=False, description="Remove nothing; count what would go.")


@dg.op(
    description="Removes events, history and runs that are older than the settings keep.",
    retry_policy=TRIED_AGAIN,
)
@lasting_failures_end
def prune_instance(context: dg.OpExecutionContext, config: PruneConfig, settings: dg.ResourceParam[Settings]) -> None:
    """Prune, and show the numbers at the step's output."""
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    pruned = prune(context.instance, keep_by(settings.dagster, now), dry_run=config.dry_run, say=context.log.info)
    context.add_output_metadata({"dry_run": config.dry_run, "rows": pruned.rows, **asdict(pruned)})


@dg.job(
    description=(
        "Removes from Dagster's storage what is older than BABYNAMES_DAGSTER__KEEP_..._DAYS; the newest of each asset "
        "and partition stays. The same by hand: babynames instance prune --dry-run"
    ),
    tags=UPKEEP,
)
def prune_instance_job() -> None:
    """Prune the instance."""
    prune_instance()
