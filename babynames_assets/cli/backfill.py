"""``babynames backfill``: runs years again through Dagster, those that failed or those that are named."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from babynames_assets.cli import instance, services
from babynames_assets.cli.accounts import years_of_file, years_to_do
from babynames_assets.cli.years import parse_years
from babynames_assets.errors import FatalError
from babynames_assets.settings import Settings, dagster_home, environment_with, load_settings
from babynames_assets.year_ranges import name_years

YEARS_IN_A_RUN = 25
"""A run is all or nothing in Dagster's eyes: with fewer years in it, one that fails takes fewer with it."""

_console = Console(highlight=False)


@dataclass(frozen=True)
class _Todo:
    """What is to be run, and why.

    Attributes:
        years: ascending.
        why: a sentence for a year, where there is one.
        others: years that are not complete either, and did not fail.
    """

    years: list[int]
    why: dict[int, str]
    others: list[int]


def backfill(
    failed: Annotated[
        bool, typer.Option("--failed", help="The years whose last run failed, and that the ledger says are not done.")
    ] = False,
    years: Annotated[str | None, typer.Option(help="These years, or with --failed only among them: 2015-2024.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say which years, and run nothing.")] = False,
) -> None:
    """Run years again through the three yearly assets, here and now; exit code 1 when any of them fails.

    A run takes at most 25 years. One that fails does not keep the next from being tried.
    """
    if not failed and not years:
        raise typer.BadParameter("say --failed, --years 2015-2024, or both")
    settings = load_settings()
    todo = _choose(settings, parse_years(years), only_failed=failed)
    for year in todo.years if failed else ():
        _console.print(f"{year}: {escape(todo.why[year])}")
    if todo.others:
        named = name_years(todo.others)
        _console.print(f"Not complete either, and no run of them failed: {named}. Run them with --years.")
    if not todo.years:
        _console.print("Nothing failed." if failed else "Nothing to do.")
    elif dry_run:
        _console.print(f"Would run: {name_years(todo.years)}")
    else:
        _run_all(settings, todo.years)


def _choose(settings: Settings, wanted: tuple[int, int] | None, *, only_failed: bool) -> _Todo:
    if not only_failed:
        return _Todo(years_of_file(settings, wanted), {}, [])
    why = _failures()
    unfinished = years_to_do(settings, wanted)
    return _Todo([year for year in unfinished if year in why], why, [year for year in unfinished if year not in why])


def _failures() -> dict[int, str]:
    """What went wrong last with each year that Dagster says failed."""
    from babynames_assets.instance import failed_years, opening  # noqa: PLC0415 - Dagster takes a second to import

    with opening.open_instance(load_settings()) as dagster:
        found = failed_years.failed_years(dagster, instance.YEARLY_ASSETS.split(","))
    # The first asset of the chain that failed: those behind it had no chance.
    return {one.year: f"{one.asset} ended as {one.status} in run {one.run_id}" for one in reversed(found)}


def _run_all(settings: Settings, years: Sequence[int]) -> None:
    home = dagster_home() or instance.prepare_home(settings)
    log = settings.state_folder / "logs" / "dagster-runs.log"
    failures = []
    with services.services(settings) as addresses:
        environment = environment_with({**addresses, "DAGSTER_HOME": str(home)})
        for first, last in runs_of(years):
            _console.print(f"[bold]==>[/bold] {first} to {last}")
            try:
                instance.materialize(
                    instance.YEARLY_ASSETS,
                    years=(first, last),
                    environment=environment,
                    log=log,
                    on_event=lambda _event: None,
                )
            except FatalError as error:
                failures.append(f"{first} to {last}: {error}")
    if failures:
        raise FatalError(
            "\n".join([*failures, "What is done stays done. Run the rest again with: babynames backfill --failed"])
        )
    _console.print(f"Done: {name_years(years)}")


def runs_of(years: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last year of each run: years without a gap, and not too many."""
    first = None
    for year in years:
        if first is None:
            first = year
        if year + 1 not in years or year - first + 1 == YEARS_IN_A_RUN:
            yield first, year
            first = None
