"""Schedules: what is due at an hour, whatever was noticed."""

import dagster as dg

from babynames_assets.assets import raw
from babynames_assets.jobs.freshness import check_freshness_job
from babynames_assets.jobs.prepare_years import prepare_years_job
from babynames_assets.jobs.prune_instance import prune_instance_job
from babynames_assets.jobs.reconcile import reconcile_contacts_job
from babynames_assets.priorities import NEW_DATA
from babynames_assets.sensors.switch import OFF
from babynames_assets.sensors.under_way import is_materialized_by, unfinished_runs
from babynames_assets.settings import Settings
from babynames_assets.warehouse import sync_readback
from babynames_assets.warehouse.engine import Engine, connect


@dg.schedule(
    target=dg.AssetSelection.assets(raw.KEY),
    cron_schedule="0 2 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Every day at 02:00 UTC: raw/baby_names_csv, whatever the sensors saw; changed_years takes it from there. A "
        "Kaggle that cannot be asked, or a dataset that is gone, is a failed run then, which somebody is told of."
    ),
)
def daily_refresh(
    context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Request the newest version, unless a run is at it."""
    if not settings.begins_by_itself:
        return dg.SkipReason(OFF)
    if is_materialized_by(unfinished_runs(context.instance), raw.KEY):
        return dg.SkipReason("raw/baby_names_csv is being materialized.")
    return dg.RunRequest(asset_selection=[raw.KEY], tags=NEW_DATA)


@dg.schedule(
    job=reconcile_contacts_job,
    cron_schedule="0 4 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Every Sunday at 04:00 UTC: reads every contact back and brings the check "
        "hubspot_holds_what_the_warehouse_says to what was found. Changes nothing in HubSpot."
    ),
)
def weekly_reconcile(
    context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings], warehouse: dg.ResourceParam[Engine]
) -> dg.RunRequest | dg.SkipReason:
    """Request reconcile_contacts_job, unless the last one is still at it or nothing was ever loaded."""
    if not settings.begins_by_itself:
        return dg.SkipReason(OFF)
    with connect(warehouse) as connection:
        if sync_readback.year_range(connection) is None:
            return dg.SkipReason("The warehouse has no row and no contact yet: there is nothing to read back.")
    if any(run.job_name == reconcile_contacts_job.name for run in unfinished_runs(context.instance)):
        return dg.SkipReason("Another reconciliation is queued or under way.")
    return dg.RunRequest()


@dg.schedule(
    job=prepare_years_job,
    cron_schedule="0 1 1 * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "On the first of each month at 01:00 UTC: a partition for every year that has ended, so that the UI shows what "
        "is awaited and the table need not be split when the data comes."
    ),
)
def new_year_partitions(settings: dg.ResourceParam[Settings]) -> dg.RunRequest | dg.SkipReason:
    """Request prepare_years_job; it does nothing where all partitions are there."""
    return dg.RunRequest() if settings.begins_by_itself else dg.SkipReason(OFF)


@dg.schedule(
    job=prune_instance_job,
    cron_schedule="0 5 * * 0",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Every Sunday at 05:00 UTC: removes from Dagster's storage what is older than the settings keep, in every "
        "environment: it begins no work on anybody's data."
    ),
)
def weekly_prune() -> dg.RunRequest:
    """Request prune_instance_job."""
    return dg.RunRequest()


@dg.schedule(
    job=check_freshness_job,
    cron_schedule="15 */4 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=(
        "Every four hours, at a quarter past: asks whether the newest release has arrived, because a pipeline that "
        "stands still runs no checks."
    ),
)
def freshness_every_four_hours(settings: dg.ResourceParam[Settings]) -> dg.RunRequest | dg.SkipReason:
    """Request check_freshness_job; it changes nothing."""
    return dg.RunRequest() if settings.begins_by_itself else dg.SkipReason(OFF)
