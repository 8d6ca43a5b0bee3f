"""``babynames sync``: say what a sync would do, do it, and say where the contacts stand."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from babynames_assets.cli import sync_words
from babynames_assets.cli.years import parse_years
from babynames_assets.clients import open_hubspot, open_warehouse, requests_in_flight
from babynames_assets.observability.progress import Progress
from babynames_assets.settings import Settings, load_settings
from babynames_assets.sync.approval import push_approved
from babynames_assets.sync.options import push_options
from babynames_assets.sync.plan import plan_sync
from babynames_assets.sync.report import PushReport
from babynames_assets.sync.standing import standing
from babynames_assets.warehouse import migrations
from babynames_assets.warehouse.engine import Engine

app = typer.Typer(no_args_is_help=True, help="The sync of contacts: what it would do, doing it, where it stands.")

YEARS = typer.Option(help="Years: 2015-2024, or 2024. Empty: all.")
AS_JSON = typer.Option("--json", help="Print one JSON document with everything.")

PAUSED = 3
"""Exit code: nothing is wrong, and the rest is for another day."""

_errors = Console(stderr=True, highlight=False)


@app.command()
def plan(
    years: Annotated[str | None, YEARS] = None,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Say what a sync would create, update and archive, what it costs, and keep that as a plan.

    Nothing is sent, and HubSpot is not asked.
    """
    with warehouse() as (settings, engine):
        made = plan_sync(engine, parse_years(years), settings.hubspot)
    if as_json:
        typer.echo(json.dumps(sync_words.plan_document(made), indent=2))
    else:
        sync_words.show_plan(made, settings.hubspot)


@app.command()
def run(
    years: Annotated[str | None, YEARS] = None,
    plan_id: Annotated[str | None, typer.Option("--plan", help="The plan to carry out: its id.")] = None,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Bring HubSpot's contacts to the table, as the asset hubspot/contacts does.

    Exit code 3: the calls of the day are spent; the rest goes on later.
    """
    with warehouse() as (settings, engine):
        report = _run(settings, engine, parse_years(years), plan_id)
    if as_json:
        typer.echo(json.dumps(sync_words.push_document(report), indent=2))
    else:
        sync_words.show_push(report)
    if report.paused_until:
        raise typer.Exit(PAUSED)


@app.command()
def status(
    years: Annotated[str | None, YEARS] = None,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Say where the contacts of each year stand, and what they wait for. Nothing is changed."""
    with warehouse() as (_, engine):
        found = standing(engine, parse_years(years))
    if as_json:
        typer.echo(json.dumps(sync_words.standing_document(found), indent=2))
    else:
        sync_words.show_standing(found)


def _run(settings: Settings, engine: Engine, years: tuple[int, int] | None, plan_id: str | None) -> PushReport:
    before = standing(engine, years).years
    todo = sum(found.create + found.update + found.archive for found in before.values())
    progress = Progress("contacts answered", todo, say=_errors.print)
    client = open_hubspot(settings, engine)
    try:
        return push_approved(
            engine,
            client,
            sorted(before),
            plan_id=plan_id,
            run_id="none (babynames sync run)",
            options=push_options(settings, requests_in_flight=requests_in_flight(settings)),
            on_batch=lambda so_far: progress.reached(so_far.contacts),
        )
    finally:
        client.close()


@contextmanager
def warehouse() -> Iterator[tuple[Settings, Engine]]:
    """The settings, and the warehouse with its schema up to date."""
    settings = load_settings()
    engine = open_warehouse(settings)
    try:
        migrations.require_migrated(engine)
        yield settings, engine
    finally:
        engine.dispose()
