"""``reconcile_contacts_job``: reads HubSpot back."""

import dagster as dg
from pydantic import Field

from babynames_assets.assets import hubspot as hubspot_assets
from babynames_assets.checks.hubspot import hubspot_holds_what_the_warehouse_says, judge_reading
from babynames_assets.clients import requests_in_flight
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.jobs.check_results import report_result
from babynames_assets.priorities import UPKEEP
from babynames_assets.settings import Settings
from babynames_assets.step_failures import TRIED_AGAIN, lasting_failures_end
from babynames_assets.sync.options import push_options, reconcile_options
from babynames_assets.sync.reconcile import reconcile, repair
from babynames_assets.warehouse.engine import Engine

_READ_LATER = "Paused in %s: the calls of the day are spent. Run this job again after %s; it goes on from there."


class ReconcileConfig(dg.Config):
    """What a run of reconcile_contacts_job may be told."""

    first_year: int | None = Field(default=None, description="First year to read back. Empty: all years.")
    last_year: int | None = Field(default=None, description="Last year to read back. Empty: the first one.")
    repair: bool = Field(default=False, description="Send again what differs in HubSpot.")
    archive_unknown: bool = Field(default=False, description="Archive contacts with our key that have no row.")
    from_start: bool = Field(default=False, description="Do not go on from where the last run stopped.")

    @property
    def years(self) -> tuple[int, int] | None:
        """First and last year, or None for all."""
        return None if self.first_year is None else (self.first_year, self.last_year or self.first_year)


@dg.op(
    description="Reads every contact back from HubSpot, and looks for contacts that have no row.",
    pool="hubspot",
    retry_policy=TRIED_AGAIN,
)
@lasting_failures_end
def reconcile_contacts(
    context: dg.OpExecutionContext,
    config: ReconcileConfig,
    settings: dg.ResourceParam[Settings],
    warehouse: dg.ResourceParam[Engine],
    hubspot: dg.ResourceParam[HubSpotClient],
) -> None:
    """Find what is not as it was confirmed, mend it if that was asked for, and bring the check to it."""
    in_flight = requests_in_flight(settings)
    options = reconcile_options(
        settings,
        requests_in_flight=in_flight,
        repair=config.repair,
        archive_unknown=config.archive_unknown,
        from_start=config.from_start,
    )
    found = reconcile(warehouse, hubspot, config.years, options=options)
    numbers = {"read": found.progress.totals().read, **found.progress.by_kind()}
    context.log_event(dg.AssetObservation(asset_key=hubspot_assets.KEY, metadata=numbers))
    result = judge_reading(found.progress, what="everything", is_whole=found.paused_until is None)
    report_result(context.instance, hubspot_holds_what_the_warehouse_says, result)
    if found.paused_until:
        context.log.warning(_READ_LATER, found.progress.year, found.paused_until)
    elif config.repair:
        push = push_options(settings, requests_in_flight=in_flight)
        sent = repair(
            warehouse, hubspot, found.progress, run_id=context.run_id, options=push, on_batch=lambda _report: None
        )
        context.log.info("%s contacts sent again", f"{sent.contacts:,}")


@dg.job(
    description="Reads HubSpot back and says what was edited, deleted or merged there, or is unknown here.", tags=UPKEEP
)
def reconcile_contacts_job() -> None:
    """Read HubSpot back."""
    reconcile_contacts()
