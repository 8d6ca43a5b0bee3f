"""``babynames demo``: the whole graph, once, on this machine alone."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from babynames_assets.cli import instance, services
from babynames_assets.cli.accounts import Account, account, years_to_do
from babynames_assets.cli.years import parse_years
from babynames_assets.clients import open_warehouse
from babynames_assets.emulators import dataset as generator
from babynames_assets.emulators import kaggle_versions
from babynames_assets.settings import Settings, load_settings
from babynames_assets.warehouse import migrations
from babynames_assets.warehouse.engine import describe

SEED = 1880

_console = Console(highlight=False)


def demo(
    dataset: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A .zip or .csv to run on. Empty: generated data.")
    ] = None,
    years: Annotated[str | None, typer.Option(help="Years to load and sync: 2015-2024, or 2024. Empty: all.")] = None,
) -> None:
    """Download, validate, load and sync a dataset through Dagster; the last line is the result as JSON.

    Kaggle and HubSpot are emulated unless the settings name real ones. A second call does only what is new.
    """
    started = time.monotonic()
    settings = load_settings()
    wanted = parse_years(years)
    settings.state_folder.mkdir(parents=True, exist_ok=True)
    home = instance.prepare_home(settings)
    _migrate(settings)
    _publish(settings, dataset)
    began = time.time()
    with services.services(settings) as addresses:
        environment = {**addresses, "DAGSTER_HOME": str(home)}
        _step("Dagster run 1: raw/baby_names_csv")
        _materialize(settings, "raw/baby_names_csv", None, environment)
        todo = years_to_do(settings, wanted)
        if todo:
            _step(f"Dagster run 2: validated, warehouse and hubspot, years {todo[0]} to {todo[-1]}")
            _materialize(settings, instance.YEARLY_ASSETS, (todo[0], todo[-1]), environment)
    done = account(settings)
    _show(done, nothing_new=not todo)
    seconds = round(time.monotonic() - started, 1)
    result = {**asdict(done), **_changes(home, began), "years_run": len(todo), "seconds": seconds}
    typer.echo(json.dumps(result))


def _migrate(settings: Settings) -> None:
    engine = open_warehouse(settings)
    try:
        _step(f"Warehouse: {describe(engine)}")
        migrations.up(engine)
    finally:
        engine.dispose()


def _publish(settings: Settings, dataset: Path | None) -> None:
    """Give the Kaggle emulator the dataset; without one it serves generated data, or what it served before."""
    folder = services.kaggle_folder(settings)
    if dataset is None:
        if kaggle_versions.published(folder):
            return
        dataset = settings.state_folder / "generated" / "baby-names.csv"
        dataset.parent.mkdir(exist_ok=True)
        generator.generate(dataset, seed=SEED)
    number = kaggle_versions.publish(folder, dataset)
    _step(f"Kaggle emulator: {dataset.name} is version {number} of {settings.kaggle.dataset}")


def _materialize(settings: Settings, assets: str, years: tuple[int, int] | None, environment: dict[str, str]) -> None:
    instance.materialize(
        assets,
        years=years,
        environment=environment,
        log=settings.state_folder / "logs" / "dagster-runs.log",
        on_event=_progress_line(),
    )


def _progress_line() -> Callable[[dict[str, object]], None]:
    def say(event: dict[str, object]) -> None:
        if event["event"] == "progress_made":
            _console.print(
                f"    {event['thing']}: {event['done']:,} of {event['total']:,} ({event['per_second']:,.0f} a second)"
            )

    return say


def _step(text: str) -> None:
    _console.print(f"[bold]==>[/bold] {text}")


def _changes(home: Path, began: float) -> dict[str, int]:
    rows = instance.materialized_numbers(home, "warehouse/baby_names", after=began)
    sent = instance.materialized_numbers(home, "hubspot/contacts", after=began)
    return {
        **{f"rows_{name}": rows.get(name, 0) for name in ("inserted", "updated", "deleted", "unchanged")},
        **{f"contacts_{name}": sent.get(name, 0) for name in ("created", "updated", "archived", "refused")},
    }


def _show(done: Account, *, nothing_new: bool) -> None:
    table = Table(title="Every line accounted for", show_header=False)
    for name, value in asdict(done).items():
        table.add_row(name.replace("_", " "), f"{value:,}")
    _console.print(table)
    _console.print("    lines = header lines + valid + merged + duplicates + rejected")
    if nothing_new:
        _console.print("Nothing new: every year is loaded and synced from this version already.")
    _console.print("Look at it in Dagster's UI: make dev, then open http://localhost:3000")
