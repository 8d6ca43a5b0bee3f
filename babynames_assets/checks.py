"""Asset checks: what is asserted of an asset beside its own run. One that only reports does not stop what follows."""

import html
import re
from random import Random

import dagster as dg

from babynames_assets.assets import hubspot as hubspot_assets
from babynames_assets.errors import PausedError, RetryableError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.letters.standing import Standing, standing
from babynames_assets.partitions import checked_years
from babynames_assets.settings import Settings
from babynames_assets.sync.reconcile import read_sample
from babynames_assets.sync.reconcile_progress import ReconcileProgress
from babynames_assets.warehouse.engine import Engine

_LONGEST_REASON = 200
_LONGEST_TABLE = 8_000
"""Characters: Dagster's MySQL storage keeps no more than 64 KiB of a check's metadata, and fails the run beyond."""


@dg.asset_check(
    asset=hubspot_assets.KEY,
    description=(
        "Open dead letters, of lines and of contacts, are not more than BABYNAMES_DEAD_LETTERS__ALERT_ABOVE. "
        "See them with: babynames dead-letters list"
    ),
)
def open_dead_letters_are_below_the_threshold(
    settings: dg.ResourceParam[Settings], warehouse: dg.ResourceParam[Engine]
) -> dg.AssetCheckResult:
    """Count the open letters, with the most frequent reasons."""
    return judge_letters(standing(warehouse, alert_above=settings.dead_letters.alert_above))


def judge_letters(found: Standing) -> dg.AssetCheckResult:
    """The result of the check, whoever asks for it."""
    return dg.AssetCheckResult(
        passed=not found.is_alert,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata={
            "open": found.letters,
            "threshold": found.alert_above,
            "lines": found.by_service.get("import", 0),
            "contacts": found.by_service.get("sync", 0),
            "for_a_person": found.for_a_person,
            "reasons": dg.MetadataValue.md(_as_table(found)),
        },
    )


@dg.asset_check(
    asset=hubspot_assets.KEY,
    description=(
        "HubSpot holds what the warehouse says: a sample of the run's years (BABYNAMES_HUBSPOT__CHECK_SAMPLE) is read "
        "back. reconcile_contacts_job reads all of them, and looks for contacts that have no row. "
        "Mend what is found with: babynames reconcile --repair"
    ),
)
def hubspot_holds_what_the_warehouse_says(
    context: dg.AssetCheckExecutionContext,
    settings: dg.ResourceParam[Settings],
    warehouse: dg.ResourceParam[Engine],
    hubspot: dg.ResourceParam[HubSpotClient],
) -> dg.AssetCheckResult:
    """Read a sample back. Which contacts, the run's id decides, so that every run looks at others."""
    years = checked_years(context)
    rng = Random(context.run.run_id)  # noqa: S311 - chooses a sample, guards no secret
    try:
        found = read_sample(warehouse, hubspot, years, size=settings.hubspot.check_sample, rng=rng)
    except (PausedError, RetryableError) as error:
        return dg.AssetCheckResult(
            passed=False, severity=dg.AssetCheckSeverity.WARN, description=f"HubSpot could not be asked: {error}"
        )
    return judge_reading(found, what="sample")


def judge_reading(found: ReconcileProgress, *, what: str, is_whole: bool = True) -> dg.AssetCheckResult:
    """The result of the check, whoever asks for it.

    Args:
        found: what was read back.
        what: how much of it was to be read.
        is_whole: all that was to be read was.
    """
    totals = found.totals()
    return dg.AssetCheckResult(
        passed=is_whole and not totals.drift,
        severity=dg.AssetCheckSeverity.ERROR if totals.drift else dg.AssetCheckSeverity.WARN,
        metadata={
            "what": what,
            "read": totals.read,
            **found.by_kind(),
            "years": dg.MetadataValue.md(_years_table(found)),
            "examples": dg.MetadataValue.md(_drift_table(found)),
        },
    )


def _as_table(found: Standing) -> str:
    if not found.reasons:
        return "No dead letter is open."
    rows = []
    for reason in found.reasons:
        of = "contacts" if reason.service == "sync" else "lines"
        rows.append(f"| {reason.letters:,} | {of} | {_cell(reason.category or '')} | {_cell(reason.example)} |")
    return _table(["| letters | of | reason | for example |", "| ---: | --- | --- | --- |"], rows)


def _years_table(found: ReconcileProgress) -> str:
    years = {year: reading for year, reading in found.years.items() if reading.drift}
    if not years:
        return "No year differs."
    head = ["| year | read | edited | deleted | merged | unknown |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    rows = [
        f"| {year or 'others'} | {one.read:,} | {one.edited:,} | {one.deleted:,} | {one.merged:,} | {one.unknown:,} |"
        for year, one in years.items()
    ]
    return _table(head, rows)


def _drift_table(found: ReconcileProgress) -> str:
    if not found.examples:
        return "No contact differs."
    rows = []
    for example in found.examples:
        values = "; ".join(f"{name} is {is_now}, not {should}" for name, (should, is_now) in example.values.items())
        rows.append(f"| {example.kind} | {_cell(example.key)} | {_cell(example.hubspot_id)} | {_cell(values)} |")
    return _table(["| what | contact | HubSpot id | values |", "| --- | --- | --- | --- |"], rows)


def _table(head: list[str], rows: list[str]) -> str:
    """As many rows as there is room for."""
    lines = list(head)
    for row in rows:
        if sum(len(line) + 1 for line in (*lines, row)) > _LONGEST_TABLE:
            break
        lines.append(row)
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text from outside: it must not end its cell, nor become a link, a picture or markup of the page that shows it."""
    short = " ".join(text.split())
    short = short if len(short) <= _LONGEST_REASON else short[: _LONGEST_REASON - 1] + "…"
    return re.sub(r"([\\`*_\[\]|~!#])", r"\\\1", html.escape(short, quote=False))
