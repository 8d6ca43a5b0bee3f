"""``babynames checks``: what the asset checks found wrong at their newest look, row by row."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from babynames_assets.cli.letter_tables import printable
from babynames_assets.cli.sync import warehouse
from babynames_assets.cli.years import parse_years
from babynames_assets.letters.export import zoned
from babynames_assets.warehouse import check_findings
from babynames_assets.warehouse.check_findings import StoredFinding
from babynames_assets.warehouse.engine import connect

app = typer.Typer(no_args_is_help=True, help="What the asset checks found.")

_NARROWEST = 130

_console = Console(highlight=False, soft_wrap=True)


@app.callback()
def checks() -> None:
    """What the asset checks found."""


@app.command()
def findings(
    check: Annotated[str | None, typer.Option(help="Of one check, by its name. Empty: of all.")] = None,
    years: Annotated[str | None, typer.Option(help="Years: 2015-2024, or 2024. Empty: all.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The most findings to show.")] = 50,
    after: Annotated[int, typer.Option(min=0, help="Show findings behind this number: the next page.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List what is wrong now, by the newest look of each check; exit code 1 when anything is."""
    wanted = parse_years(years)
    with warehouse() as (_, engine), connect(engine) as connection:
        page = check_findings.page(connection, check_name=check, years=wanted, limit=limit, after=after)
        total = check_findings.count(connection, check_name=check, years=wanted)
    more = page[-1].id if len(page) == limit else None
    if as_json:
        told = [{**asdict(one), "found_at": zoned(one.found_at)} for one in page]
        typer.echo(json.dumps({"findings": told, "total": total, "next_after": more}, indent=2))
    elif not page:
        _console.print("No check has found anything wrong." if not total else "That was the last page.")
    else:
        _show(page)
        _console.print(f"{len(page):,} of {total:,} findings." + (f" The next page: --after {more}" if more else ""))
        _console.print("What each check means, and what to do: docs/guides/morning-look.md")
    if total:
        raise typer.Exit(1)


def _show(page: Sequence[StoredFinding]) -> None:
    wide = Console(highlight=False, width=max(_NARROWEST, _console.width))
    table = Table()
    for name in ("id", "check", "year", "where", "what", "found (UTC)", "run"):
        table.add_column(name, justify="right" if name == "id" else "left", overflow="fold")
    for one in page:
        cells = [one.check_name, str(one.year or "-"), one.place, one.message]
        moment, run = f"{one.found_at:%Y-%m-%d %H:%M:%S}", one.run_id.partition("-")[0]
        table.add_row(str(one.id), *(escape(printable(text)) for text in cells), moment, run)
    wide.print(table)
