"""``babynames instance``: what Dagster's own storage keeps, and whether it has room."""

import datetime as dt
from dataclasses import fields
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from babynames_assets.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Dagster's own storage: prune it, widen its columns.")

_console = Console(highlight=False)
_WHAT = {
    "events": "log lines and events of steps and runs",
    "history": "events of assets that newer ones have followed",
    "check_results": "results of checks that newer ones have followed",
    "runs": "runs of which nothing else is kept",
    "signs": "last signs of life of runs that have ended",
}


@app.command()
def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Remove nothing; count what would go.")] = False,
) -> None:
    """Remove what is older than the settings keep; nothing that the UI shows of the present. A job does it weekly."""
    from babynames_assets.instance import opening, retention  # noqa: PLC0415 - Dagster takes a second to import

    settings = load_settings()
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    with opening.open_instance(settings) as instance:
        pruned = retention.prune(instance, retention.keep_by(settings.dagster, now), dry_run=dry_run)
    table = Table(title="Would go" if dry_run else "Gone")
    table.add_column("rows", justify="right")
    table.add_column("what")
    for field in fields(pruned):
        table.add_row(f"{getattr(pruned, field.name):,}", _WHAT[field.name])
    _console.print(table)


@app.command()
def widen() -> None:
    """Let the columns of a MySQL storage that hold 64 KiB hold more; each of its tables is locked for a moment."""
    from babynames_assets.instance import storage, text_columns  # noqa: PLC0415 - Dagster takes a second to import

    pool = storage.open_pool(load_settings())
    try:
        widened = text_columns.widen(pool)
    finally:
        pool.dispose()
    names = ", ".join(str(column) for column in widened)
    _console.print(f"Widened: {names}." if widened else "Nothing to do: every column has room.")
