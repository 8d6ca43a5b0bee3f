"""hubspot/contacts: what HubSpot holds of the table, one contact a row."""

from dataclasses import asdict
from typing import Any

import dagster as dg
from pydantic import Field

from babynames_assets.assets import warehouse as warehouse_assets
from babynames_assets.assets.descriptions import OWNERS, contact_columns, described, lineage_of_contacts, with_sources
from babynames_assets.clients import requests_in_flight
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.observability.progress import Progress
from babynames_assets.partitions import tell_of_year, yearly_asset, years_of
from babynames_assets.settings import Settings
from babynames_assets.sync.approval import push_approved
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.sync.options import push_options
from babynames_assets.sync.report import PushReport, YearPush
from babynames_assets.warehouse import sync_differences
from babynames_assets.warehouse.engine import Engine, connect

KEY = dg.AssetKey(["hubspot", "contacts"])
LINEAGE = lineage_of_contacts(warehouse_assets.KEY)

PLAN_TAG = "babynames/plan"
"""A run's tag that names the plan, for whatever starts runs by tags alone, such as a backfill in the UI."""

_PAUSED = (
    "Paused, not done: the calls of the day are spent, and %s contacts are pending. The sensor paused_syncs requests "
    "their years after %s; nobody has to do anything."
)
_STOPPED = "Stopped: the outcomes of %s contacts are recorded. The next run of these years goes on from there."


class ContactsConfig(dg.Config):
    """What a run of hubspot/contacts may be told."""

    plan_id: str | None = Field(
        default=None, description="The plan (babynames sync plan) that this run carries out. Empty: none is needed."
    )


@yearly_asset(
    key=KEY,
    group_name="hubspot",
    kinds={"hubspot"},
    owners=OWNERS,
    tags={"data": "public-statistics", "writes-to": "hubspot"},
    deps=[warehouse_assets.KEY],
    pool="hubspot",
    metadata={"dagster/column_schema": with_sources(contact_columns(), LINEAGE)},
    description=described(
        "The contacts that mirror the table, found by their unique property baby_name_key (1984-F-Mary). Only new and "
        "changed rows are sent, a hundred a call; contacts of rows that have gone are archived. The outcome of each "
        "contact is recorded right after its batch: synced, or refused with HubSpot's reason as a dead letter. When "
        "the day's calls are spent the run succeeds as paused (metadata paused_until), and the sensor paused_syncs "
        "requests the rest the next day.\n\n"
        "See what a sync would do, and what it would cost, with `babynames sync plan`.",
        "guarantees/contacts-follow-the-table.md",
        "guides/dead-letters.md",
        "guides/reconcile.md",
        "guides/plan-a-sync.md",
    ),
)
def contacts(
    context: dg.AssetExecutionContext,
    config: ContactsConfig,
    settings: dg.ResourceParam[Settings],
    warehouse: dg.ResourceParam[Engine],
    hubspot: dg.ResourceParam[HubSpotClient],
) -> dg.MaterializeResult:
    """Bring the contacts of the years asked for to the table."""
    report = _push(context, config, settings, warehouse, hubspot)
    after = _standing(warehouse, list(report.years))
    for year, push in report.years.items():
        metadata = _describe(push, after.get(year, sync_differences.YearDifference()))
        tell_of_year(context, KEY, year, metadata)
    metadata_of_run: dict[str, Any] = {
        "contact_list": dg.MetadataValue.url(hubspot.contact_list_url()),
        "dagster/column_lineage": LINEAGE,
    }
    if report.paused_until:
        metadata_of_run["paused_until"] = dg.MetadataValue.timestamp(report.paused_until)
        pending = sum(year.create + year.update for year in after.values())
        context.log.warning(_PAUSED, f"{pending:,}", f"{report.paused_until:%Y-%m-%d %H:%M %Z}")
    return dg.MaterializeResult(metadata=metadata_of_run)


def _push(
    context: dg.AssetExecutionContext,
    config: ContactsConfig,
    settings: Settings,
    warehouse: Engine,
    hubspot: HubSpotClient,
) -> PushReport:
    years = years_of(context)
    todo = sum(year.create + year.update + year.archive for year in _standing(warehouse, years).values())
    progress = Progress("contacts answered", todo, say=context.log.info)
    so_far = PushReport()

    def on_batch(report: PushReport) -> None:
        nonlocal so_far
        so_far = report
        progress.reached(report.contacts)

    options = push_options(settings, requests_in_flight=requests_in_flight(settings))
    try:
        return push_approved(
            warehouse,
            hubspot,
            years,
            plan_id=config.plan_id or context.run.tags.get(PLAN_TAG),
            run_id=context.run.run_id,
            options=options,
            on_batch=on_batch,
        )
    except BaseException:
        # A person who terminates a run, or is called to a failed one, first wants to know what it did.
        context.log.warning(_STOPPED, f"{so_far.contacts:,}")
        raise


def _standing(warehouse: Engine, years: list[int]) -> dict[int, sync_differences.YearDifference]:
    with connect(warehouse) as connection:
        return sync_differences.by_year(connection, years, MAPPING)


def _describe(push: YearPush, after: sync_differences.YearDifference) -> dict[str, Any]:
    """What the run did in a year, and where the year's contacts stand after it."""
    return {
        "dagster/partition_row_count": after.unchanged,
        **asdict(push),
        "synced": after.unchanged,
        "pending": after.create + after.update,
        "dead_letters": after.refused,
    }
