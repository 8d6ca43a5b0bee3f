"""``babynames verify``: everything recounted from the kept file to the table, and where a row is missing."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from babynames_assets.cli.years import parse_years
from babynames_assets.clients import open_frames, open_raw_files, open_warehouse
from babynames_assets.loading import verification
from babynames_assets.loading.findings import Finding
from babynames_assets.loading.row_differences import RowExample
from babynames_assets.loading.verification import OnProgress, Verification, VerifiedFile
from babynames_assets.settings import load_settings
from babynames_assets.warehouse import migrations
from babynames_assets.warehouse.ledger_report import YearRange
from babynames_assets.year_ranges import name_years

_console = Console(highlight=False, soft_wrap=True)


def verify(
    years: Annotated[str | None, typer.Option(help="Years to compare: 2015-2024, or 2024. Empty: all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole finding as one JSON document.")] = False,
) -> None:
    """Recount every line from the kept file to the table; exit code 1 when anything differs or is not loaded yet.

    Nothing that was counted before is trusted, and nothing is changed.
    """
    found = _verify(parse_years(years))
    if as_json:
        typer.echo(json.dumps({"is_equal": found.is_equal, "summary": summary(found), **asdict(found)}, indent=2))
    else:
        for same in _alike(found.findings):
            _show(same)
        _console.print(escape(summary(found)))
    if not found.is_equal:
        raise typer.Exit(1)


def summary(found: Verification) -> str:
    """What was found, in one sentence."""
    if found.file is None:
        return "The kept file is not what was kept: nothing can be counted until it is."
    lines = _equation(found.file)
    if found.is_equal:
        return f"{lines}; {len(found.years):,} years: file = Parquet = table ({found.table_rows:,} rows)."
    differing = [finding for finding in found.findings if finding.kind == "differs"]
    waiting = [finding for finding in found.findings if finding.kind == "pending"]
    if not differing:
        return f"{lines}; nothing is lost, but not everything is loaded yet ({_places(found.findings)})."
    later = f"; besides, not loaded yet ({_places(waiting)})" if waiting else ""
    return f"{lines}; NOT EQUAL ({_places(differing)}){later}."


def _verify(years: YearRange | None) -> Verification:
    settings = load_settings()
    engine = open_warehouse(settings)
    try:
        migrations.require_migrated(engine)
        with _progress() as on_progress:
            return verification.verify(
                engine,
                open_raw_files(settings),
                open_frames(settings),
                settings,
                years=years,
                on_progress=on_progress,
            )
    finally:
        engine.dispose()


@contextmanager
def _progress() -> Iterator[OnProgress]:
    """A bar on a terminal's standard error, nothing elsewhere."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    with Progress(
        *columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=1)
        yield lambda what, done, total: bar.update(task, description=what, completed=done, total=total)


def _equation(file: VerifiedFile) -> str:
    kinds = ("valid", "merged", "duplicates", "rejected")
    terms = " + ".join(f"{getattr(file, name):,} {name}" for name in kinds)
    return f"{file.lines:,} lines = {file.header_lines:,} header + {terms}"


def _places(findings: Sequence[Finding]) -> str:
    """Which years of which places: ``table: 2001-2003, 2005; Parquet: 2001``."""
    places: dict[str, list[int | None]] = {}
    for finding in findings:
        places.setdefault(finding.place, []).append(finding.year)
    return "; ".join(f"{place}{_years(years)}" for place, years in places.items())


def _years(years: Sequence[int | None]) -> str:
    named = name_years(year for year in years if year is not None)
    return f" {named}" if named else ""


def _alike(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings that say the same of different years, together: 145 years that are not loaded are one line."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for finding in findings:
        alike.setdefault((finding.place, finding.message, finding.remedy, finding.rows), []).append(finding)
    return list(alike.values())


def _show(same: Sequence[Finding]) -> None:
    finding = same[0]
    colour = "red" if finding.kind == "differs" else "yellow"
    years = _years([one.year for one in same])
    _console.print(f"[{colour}]{finding.place}{years}[/{colour}]: {escape(finding.message)}")
    for example in finding.rows.examples if finding.rows else ():
        _console.print(f"    {escape(_row(example))}")
    _console.print(f"    {escape(finding.remedy)}")


def _row(example: RowExample) -> str:
    expected = "no such row" if example.expected is None else f"{example.expected:,} births"
    found = "no such row" if example.found is None else f"{example.found:,}"
    # A name that was written from outside may hold anything, and a terminal obeys some of it.
    return f"{example.year} {example.sex!r} {example.name!r}: expected {expected}, found {found}"
