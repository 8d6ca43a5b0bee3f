"""Dead letters that are due: refused contacts whose time to be sent again has come."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from babynames_assets.jobs.redrive import PAUSED_UNTIL, redrive_dead_letters_job
from babynames_assets.warehouse import letter_claims
from babynames_assets.warehouse.engine import Engine

_ASKED_AGAIN = timedelta(minutes=10)
"""How long a request is given to reach the letter that has been due for longest."""


@dg.sensor(
    job_name=redrive_dead_letters_job.name,  # by the job itself, Dagster 1.13 warns of a parameter of its own
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Contacts that HubSpot refused are to be sent again.",
)
def due_dead_letters(
    context: dg.SensorEvaluationContext, warehouse: dg.ResourceParam[Engine]
) -> dg.RunRequest | dg.SkipReason:
    """Request a redrive when a letter is due and no redrive is under way."""
    waiting = letter_claims.due(warehouse)
    if waiting is None:
        return dg.SkipReason("No dead letter is due.")
    if reason := _why_no_redrive(context.instance):
        return dg.SkipReason(reason)
    # The same letters are asked for once; if they are still due after a while, that run did not reach them.
    tries = (waiting.moment - waiting.first_due_at) // _ASKED_AGAIN
    return dg.RunRequest(run_key=f"letter {waiting.first_id} due {waiting.first_due_at.isoformat()}, {tries}")


def _why_no_redrive(instance: dg.DagsterInstance) -> str | None:
    """What the newest redrive says against another one at this moment."""
    newest = instance.get_run_records(dg.RunsFilter(job_name=redrive_dead_letters_job.name), limit=1)
    if not newest:
        return None
    run, age = newest[0].dagster_run, datetime.now(UTC) - newest[0].update_timestamp
    if not run.is_finished:
        # A run whose process has died stays started for ever in Dagster's books; its claims have ended by then.
        is_alive = age < timedelta(seconds=letter_claims.CLAIM_SECONDS)
        return "A redrive is queued or under way; it takes what is due." if is_alive else None
    if not run.is_success and age < _ASKED_AGAIN:
        return "The last redrive has just failed; another one is requested when that was ten minutes ago."
    until = run.tags.get(PAUSED_UNTIL)
    if until and datetime.now(UTC) < datetime.fromisoformat(until):
        return f"The calls of the day are spent: nothing is sent before {until}."
    return None
