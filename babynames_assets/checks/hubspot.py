"""Checks of hubspot/contacts. They report and stop nothing: there is no asset behind."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random

import dagster as dg

from babynames_assets.assets import hubspot as hubspot_assets
from babynames_assets.checks.declared import Declared, results, specs
from babynames_assets.checks.markdown import cell, table
from babynames_assets.checks.results import result
from babynames_assets.errors import PausedError, RetryableError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.ingest.kaggle import KaggleDatasets
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.letters.standing import Standing, standing
from babynames_assets.loading.sources import require_current, scan_raw
from babynames_assets.partitions import checked_years
from babynames_assets.quality.contacts import check_books
from babynames_assets.quality.freshness import find_release, freshness_verdict
from babynames_assets.settings import Settings
from babynames_assets.sync.reconcile import read_sample
from babynames_assets.sync.reconcile_progress import ReconcileProgress
from babynames_assets.warehouse.engine import Engine

FRESHNESS = "the_newest_release_has_arrived"

DECLARED = (
    Declared(
        "no_sync_state_without_a_row",
        "Every sync state belongs to a row of the table, or to one that a later load took away.",
    ),
    Declared(
        "every_row_is_synced_pending_or_refused",
        "table = synced + pending + dead letters: each row of the table stands in exactly one of these.",
    ),
    Declared(
        "every_contact_is_sent",
        "Nothing of the run's years is left to be sent or archived, but for years that are paused until another day.",
        severity=dg.AssetCheckSeverity.WARN,
    ),
    Declared(
        FRESHNESS,
        "What was released more than BABYNAMES_QUALITY__FRESH_HOURS ago is the raw file, is in the table (all years) "
        "and in HubSpot (the run's years; check_freshness_job asks it of all, when nothing else runs).",
    ),
)


@dg.multi_asset_check(name="hubspot_contacts_checks", specs=specs(hubspot_assets.KEY, DECLARED), can_subset=True)
def contact_checks(
    context: dg.AssetCheckExecutionContext,
    settings: dg.ResourceParam[Settings],
    kaggle: dg.ResourceParam[KaggleDatasets],
    raw_files: dg.ResourceParam[RawFiles],
    warehouse: dg.ResourceParam[Engine],
) -> Iterator[dg.AssetCheckResult]:
    """Count where the contacts of the run's years stand, and how old the newest release is that is not there yet."""
    file = require_current(raw_files)
    release = find_release(file, scan_raw(file, settings), kaggle, settings.kaggle)
    within = timedelta(hours=settings.quality.fresh_hours)
    removes = settings.hubspot.removed_contacts == "archive"
    books = check_books(warehouse, checked_years(context), removes=removes)
    left = int(books["every_contact_is_sent"].numbers["left"])
    fresh = freshness_verdict(warehouse, release, left=left, within=within)
    verdicts = {**books, FRESHNESS: fresh}
    yield from results(context, hubspot_assets.KEY, DECLARED, verdicts, warehouse)


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
    return result(
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
        return result(
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
    return result(
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
        rows.append(f"| {reason.letters:,} | {of} | {cell(reason.category or '')} | {cell(reason.example)} |")
    return table(["| letters | of | reason | for example |", "| ---: | --- | --- | --- |"], rows)


def _years_table(found: ReconcileProgress) -> str:
    years = {year: reading for year, reading in found.years.items() if reading.drift}
    if not years:
        return "No year differs."
    head = ["| year | read | edited | deleted | merged | unknown |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    rows = [
        f"| {year or 'others'} | {one.read:,} | {one.edited:,} | {one.deleted:,} | {one.merged:,} | {one.unknown:,} |"
        for year, one in years.items()
    ]
    return table(head, rows)


def _drift_table(found: ReconcileProgress) -> str:
    if not found.examples:
        return "No contact differs."
    rows = []
    for example in found.examples:
        values = "; ".join(f"{name} is {is_now}, not {should}" for name, (should, is_now) in example.values.items())
        rows.append(f"| {example.kind} | {cell(example.key)} | {cell(example.hubspot_id)} | {cell(values)} |")
    return table(["| what | contact | HubSpot id | values |", "| --- | --- | --- | --- |"], rows)
