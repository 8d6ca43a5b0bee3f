"""``redrive_dead_letters_job``: sends again what HubSpot refused."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from babynames_assets.assets import hubspot as hubspot_assets
from babynames_assets.checks.hubspot import judge_letters, open_dead_letters_are_below_the_threshold
from babynames_assets.clients import requests_in_flight
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.jobs.check_results import report_result
from babynames_assets.letters.standing import standing
from babynames_assets.priorities import UPKEEP
from babynames_assets.settings import Settings
from babynames_assets.step_failures import TRIED_AGAIN, lasting_failures_end
from babynames_assets.sync.options import push_options
from babynames_assets.sync.redrive import RedriveReport, redrive
from babynames_assets.warehouse.engine import Engine

PAUSED_UNTIL = "babynames/paused_until"
"""Tag of a redrive that met the end of the day's calls: the sensor requests no other one before."""

_PAUSE_OF_UNKNOWN_LENGTH = timedelta(hours=1)
_PAUSED = "Paused: the calls of the day are spent. The letters that were not sent are due again after %s."
_HELD = "A sync writes %s at this moment: letters of those years stay due."


@dg.op(
    description="Sends the contacts of dead letters that are due, as the warehouse has them now.",
    pool="hubspot",
    retry_policy=TRIED_AGAIN,
)
@lasting_failures_end
def redrive_due_letters(
    context: dg.OpExecutionContext,
    settings: dg.ResourceParam[Settings],
    warehouse: dg.ResourceParam[Engine],
    hubspot: dg.ResourceParam[HubSpotClient],
) -> None:
    """Redrive what is due, and show at hubspot/contacts what became of it."""
    options = push_options(settings, requests_in_flight=requests_in_flight(settings))
    report = redrive(
        warehouse,
        hubspot,
        run_id=context.run_id,
        options=options,
        on_batch=lambda so_far: context.log.info("%s letters settled", f"{so_far.letters:,}"),
    )
    if report.is_paused:
        until = report.paused_until or datetime.now(UTC) + _PAUSE_OF_UNKNOWN_LENGTH
        context.instance.add_run_tags(context.run_id, {PAUSED_UNTIL: until.isoformat()})
        context.log.warning(_PAUSED, until)
    if report.years_held:
        context.log.info(_HELD, ", ".join(str(year) for year in report.years_held))
    if report.letters:
        context.log_event(dg.AssetObservation(asset_key=hubspot_assets.KEY, metadata=_numbers(report)))
        _check_again(context, settings, warehouse)


@dg.job(
    description="Sends again what HubSpot refused and is due; the sensor due_dead_letters requests it.", tags=UPKEEP
)
def redrive_dead_letters_job() -> None:
    """Redrive what is due."""
    redrive_due_letters()


def _numbers(report: RedriveReport) -> dict[str, int]:
    return {
        "redriven": report.letters,
        "accepted": report.accepted,
        "refused_again": report.refused,
        "row_has_gone": report.row_has_gone,
        "confirmed_before": report.confirmed_before,
    }


def _check_again(context: dg.OpExecutionContext, settings: Settings, warehouse: Engine) -> None:
    """Bring the check to what is open now: it runs with a sync, and the next one may be days away."""
    result = judge_letters(standing(warehouse, alert_above=settings.dead_letters.alert_above))
    report_result(context.instance, open_dead_letters_are_below_the_threshold, result)
