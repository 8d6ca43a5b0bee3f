"""``babynames dead-letters``: what was refused, why, and what shall become of it."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from babynames_assets.cli.letter_decisions import discard, migrated_warehouse, retry, unknown_letters
from babynames_assets.cli.letter_filters import OfReason, OfService, OfStatus, OfYears, Since, letter_filter
from babynames_assets.cli.letter_tables import counted, show_letter, show_letters
from babynames_assets.errors import FatalError
from babynames_assets.letters import export as files
from babynames_assets.letters.advice import what_to_do
from babynames_assets.warehouse import letter_queries
from babynames_assets.warehouse.engine import connect
from babynames_assets.warehouse.letter_queries import LetterFilter

app = typer.Typer(no_args_is_help=True, help="See what was refused, send it again, or leave it at that.")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

_console = Console(highlight=False, soft_wrap=True)


@app.command("list")
def list_(
    service: OfService = None,
    status: OfStatus = None,
    years: OfYears = None,
    reason: OfReason = None,
    since: Since = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The most letters to show.")] = 50,
    after: Annotated[int, typer.Option(min=0, help="Show letters behind this number: the next page.")] = 0,
    as_json: AsJson = False,
) -> None:
    """List dead letters by their numbers, oldest first: by default those that are open."""
    wanted = letter_filter(service, status, years, reason, since)
    with migrated_warehouse() as engine, connect(engine) as connection:
        letters = letter_queries.page(connection, wanted, limit=limit, after=after)
        total = letter_queries.count(connection, wanted)
    more = letters[-1].id if len(letters) == limit else None
    if as_json:
        page = [files.as_json(letter) for letter in letters]
        typer.echo(json.dumps({"letters": page, "total": total, "next_after": more}, indent=2))
    elif not letters:
        _console.print("No dead letter is like that." if not after else "That was the last page.")
    else:
        show_letters(_console, letters)
        _console.print(f"{len(letters):,} of {total:,} letters." + (f" The next page: --after {more}" if more else ""))


@app.command()
def show(
    letter_id: Annotated[int, typer.Argument(metavar="NUMBER", help="The number of a letter, as list shows it.")],
    as_json: AsJson = False,
) -> None:
    """Show a dead letter: what was refused, HubSpot's reason, what happened to it, and what to do."""
    with migrated_warehouse() as engine, connect(engine) as connection:
        found = letter_queries.page(connection, LetterFilter(ids=[letter_id]), limit=1)
        events = letter_queries.history(connection, letter_id)
    if not found:
        raise FatalError(unknown_letters([letter_id]))
    if as_json:
        told = [{**asdict(event), "happened_at": files.zoned(event.happened_at)} for event in events]
        document = {**files.as_json(found[0]), "history": told, "what_to_do": what_to_do(found[0])}
        typer.echo(json.dumps(document, indent=2))
    else:
        show_letter(_console, found[0], events)


app.command()(retry)
app.command()(discard)


@app.command()
def export(
    form: Annotated[files.Form, typer.Option("--format", help="csv for spreadsheets, jsonl for programs.")] = "csv",
    output: Annotated[Path | None, typer.Option(dir_okay=False, help="The file. Empty: standard output.")] = None,
    service: OfService = None,
    status: OfStatus = None,
    years: OfYears = None,
    reason: OfReason = None,
    since: Since = None,
) -> None:
    """Write dead letters to a file: by default those that are open. No cell of a CSV is a formula."""
    wanted = letter_filter(service, status, years, reason, since)
    with migrated_warehouse() as engine:
        letters = letter_queries.every_letter(engine, wanted)
        if output:
            number = files.write_file(output, letters, form)
        else:
            sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
            number = files.write_letters(sys.stdout, letters, form)
    typer.echo(f"Written: {counted(number)}" + (f" to {output}" if output else ""), err=True)
