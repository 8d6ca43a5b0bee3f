"""``babynames migrate``: the warehouse's schema, forward and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich import print as show

from babynames_assets.clients import open_warehouse
from babynames_assets.settings import load_settings
from babynames_assets.warehouse import migrations
from babynames_assets.warehouse.engine import Engine, describe

app = typer.Typer(no_args_is_help=True, help="Bring the warehouse's schema up to date, or take a step back.")


@app.command()
def up() -> None:
    """Apply every migration that the warehouse does not have yet."""
    with _warehouse() as engine:
        before = migrations.status(engine)
        migrations.up(engine)
        schema = migrations.status(engine).current
        show(f"{describe(engine)}: {len(before.pending)} migrations applied, schema at {schema}.")


@app.command()
def down(
    steps: Annotated[int, typer.Option(min=1, help="How many migrations to undo.")] = 1,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: undoing a migration drops what it made.")] = False,
) -> None:
    """Undo the newest migrations. Tables that they made are dropped with their rows."""
    with _warehouse() as engine:
        if not yes:
            question = f"Undo {steps} migration(s) of {describe(engine)}? Their tables and rows are dropped."
            typer.confirm(question, abort=True)
        migrations.down(engine, steps=steps)
        show(f"{describe(engine)}: schema at {migrations.status(engine).current or 'nothing (no migration applied)'}.")


@app.command()
def status() -> None:
    """Say which migration the warehouse has, and which it lacks; exit code 1 when it lacks any."""
    with _warehouse() as engine:
        found = migrations.status(engine)
        show(f"{describe(engine)}: schema at {found.current or 'nothing'}, newest is {found.head}.")
        for revision in found.pending:
            show(f"  pending: {revision}")
        if found.pending:
            show("Run: babynames migrate up")
            raise typer.Exit(1)


@app.command()
def history() -> None:
    """List every migration, oldest first."""
    for revision in migrations.history():
        show(str(revision))


@contextmanager
def _warehouse() -> Iterator[Engine]:
    engine = open_warehouse(load_settings())
    try:
        yield engine
    finally:
        engine.dispose()
