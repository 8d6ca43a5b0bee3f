"""``babynames reconcile``: read HubSpot back, say what is not as it was confirmed, and mend it on request."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from babynames_assets.cli.sync import AS_JSON, PAUSED, YEARS, warehouse
from babynames_assets.cli.sync_words import print_years
from babynames_assets.cli.years import parse_years
from babynames_assets.clients import open_hubspot, requests_in_flight
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.observability.progress import Progress
from babynames_assets.settings import Settings
from babynames_assets.sync import reconcile as reading
from babynames_assets.sync.options import push_options, reconcile_options
from babynames_assets.sync.plan import read_differences, total_of
from babynames_assets.sync.reconcile import Reconciliation
from babynames_assets.sync.reconcile_progress import DriftExample, YearReading
from babynames_assets.sync.reconcile_walk import OTHER_YEARS
from babynames_assets.sync.report import PushReport
from babynames_assets.warehouse.engine import Engine, connect

_COLUMNS = ("read", "edited", "deleted", "merged", "unknown", "archived")

_console = Console(highlight=False, soft_wrap=True)
_errors = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Wanted:
    """What the command was asked to do."""

    years: tuple[int, int] | None
    repair: bool
    archive_unknown: bool
    from_start: bool


def reconcile(
    years: Annotated[str | None, YEARS] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Send again what differs in HubSpot.")] = False,
    archive_unknown: Annotated[
        bool, typer.Option("--archive-unknown", help="Archive contacts with our key that have no row.")
    ] = False,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="Do not go on from where the last run stopped.")
    ] = False,
    as_json: Annotated[bool, AS_JSON] = False,
) -> None:
    """Read the contacts back from HubSpot; exit code 1 when any is not as it was confirmed and is not mended.

    Exit code 3: the calls of the day are spent; run it again later, and it goes on from there.
    """
    wanted = Wanted(parse_years(years), repair, archive_unknown, from_start)
    with warehouse() as (settings, engine), _hubspot(settings, engine) as client:
        found = _read(settings, engine, client, wanted)
        sent = PushReport()
        if repair and found.paused_until is None:
            sent = _repair(settings, engine, client, found)
    if as_json:
        typer.echo(json.dumps(_document(found, sent), indent=2))
    else:
        _show(found, sent, wanted)
    if found.paused_until or sent.paused_until:
        raise typer.Exit(PAUSED)
    if not found.is_equal and not _is_mended(found, sent, wanted):
        raise typer.Exit(1)


@contextmanager
def _hubspot(settings: Settings, engine: Engine) -> Iterator[HubSpotClient]:
    client = open_hubspot(settings, engine)
    try:
        yield client
    finally:
        client.close()


def _read(settings: Settings, engine: Engine, client: HubSpotClient, wanted: Wanted) -> Reconciliation:
    with connect(engine) as connection:
        standing = read_differences(connection, wanted.years)
    progress = Progress("contacts read back", total_of(standing).unchanged, say=_errors.print)
    options = reconcile_options(
        settings,
        requests_in_flight=requests_in_flight(settings),
        repair=wanted.repair,
        archive_unknown=wanted.archive_unknown,
        from_start=wanted.from_start,
    )
    return reading.reconcile(
        engine,
        client,
        wanted.years,
        options=options,
        on_read=lambda so_far: progress.reached(so_far.totals().read),
    )


def _repair(settings: Settings, engine: Engine, client: HubSpotClient, found: Reconciliation) -> PushReport:
    options = push_options(settings, requests_in_flight=requests_in_flight(settings))
    progress = Progress("contacts answered", found.progress.totals().to_send, say=_errors.print)
    return reading.repair(
        engine,
        client,
        found.progress,
        run_id="none (babynames reconcile)",
        options=options,
        on_batch=lambda so_far: progress.reached(so_far.contacts),
    )


def _is_mended(found: Reconciliation, sent: PushReport, wanted: Wanted) -> bool:
    totals = found.progress.totals()
    refused = sum(year.refused for year in sent.years.values())
    return (wanted.repair or not totals.to_send) and not refused and totals.unknown == totals.archived


def _document(found: Reconciliation, sent: PushReport) -> dict[str, Any]:
    progress = found.progress
    return {
        "is_equal": found.is_equal,
        "first_year": found.first_year,
        "last_year": found.last_year,
        "is_resumed": found.is_resumed,
        "paused_until": found.paused_until.isoformat() if found.paused_until else None,
        "reached": progress.year if found.paused_until else None,
        "totals": asdict(progress.totals()),
        "years": {_name(year): asdict(reading) for year, reading in progress.years.items()},
        "not_archived": [_name(year) for year in progress.not_archived],
        "examples": [asdict(example) for example in progress.examples],
        "sent": {year: asdict(push) for year, push in sent.years.items()},
    }


def _show(found: Reconciliation, sent: PushReport, wanted: Wanted) -> None:
    totals = found.progress.totals()
    print_years(_with_drift(found.progress.years), _COLUMNS, asdict(totals))
    for example in found.progress.examples:
        _console.print(f"    {escape(_line(example))}")
    if found.progress.not_archived:
        years = ", ".join(_name(year) for year in found.progress.not_archived)
        _console.print(
            f"[yellow]{years}: so many contacts are unknown here that none is archived. Is this the right warehouse? "
            "If they shall go, raise BABYNAMES_HUBSPOT__MAX_ARCHIVE_SHARE for one run.[/yellow]"
        )
    if contacts := sent.contacts:
        _console.print(f"{contacts:,} contacts sent again: babynames sync status tells where they stand.")
    _console.print(escape(_sentence(found, wanted)))


def _sentence(found: Reconciliation, wanted: Wanted) -> str:
    totals = found.progress.totals()
    if found.paused_until:
        reached = f"It came to {_name(found.progress.year or found.first_year)}, {totals.read:,} contacts."
        return (
            f"Paused: the calls of the day are spent. {reached} Run it again after "
            f"{found.paused_until:%Y-%m-%d %H:%M %Z}; it goes on from there."
        )
    if found.is_equal:
        return f"HubSpot holds what the warehouse says: {totals.read:,} contacts read back."
    remedies = []
    if totals.to_send and not wanted.repair:
        remedies.append("--repair sends them again")
    if totals.unknown > totals.archived and not wanted.archive_unknown:
        remedies.append("--archive-unknown archives those without a row")
    how = f" ({'; '.join(remedies)})" if remedies else ""
    return f"{totals.drift:,} contacts were not as they should be; {totals.read:,} were read back{how}."


def _with_drift(years: Mapping[int, YearReading]) -> dict[str, dict[str, int]]:
    return {_name(year): asdict(reading) for year, reading in years.items() if reading.drift}


def _line(example: DriftExample) -> str:
    # A name that was written from outside may hold anything, and a terminal obeys some of it.
    values = ", ".join(f"{name} is {found!r}, not {should!r}" for name, (should, found) in example.values.items())
    return f"{example.kind} {example.key!r} (HubSpot id {example.hubspot_id})" + (f": {values}" if values else "")


def _name(year: int) -> str:
    return "other years" if year == OTHER_YEARS else str(year)
