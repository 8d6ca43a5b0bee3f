"""``babynames ledger``: what became of every line of every file, and what each load did."""

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from babynames_assets.cli.years import parse_years
from babynames_assets.clients import open_warehouse
from babynames_assets.errors import ConfigurationError
from babynames_assets.settings import load_settings
from babynames_assets.warehouse import ledger_report, migrations
from babynames_assets.warehouse.engine import connect
from babynames_assets.warehouse.ledger_report import LedgerEntry, SourceEntry, YearRange

COUNTS = ("lines", "valid", "merged", "duplicates", "rejected", "inserted", "updated", "deleted", "unchanged")
_KINDS = ("valid", "merged", "duplicates", "rejected")
_WIDE = 170
_NARROW = 130
_EMPTY = (
    "The ledger is empty: no file has been entered yet. Materialize raw/baby_names_csv, validated/baby_names and "
    "warehouse/baby_names (make dev), or run: babynames demo"
)

_console = Console(highlight=False)


def ledger(
    years: Annotated[str | None, typer.Option(help="Years to show: 2015-2024, or 2024. Empty: all.")] = None,
    version: Annotated[str | None, typer.Option(help="Show the files of this dataset version, loaded or not.")] = None,
    every_version: Annotated[bool, typer.Option("--all", help="Show every version of each year.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document with every column.")] = False,
) -> None:
    """Print what became of every line, by year: by default of what the table holds now.

    A year that was not loaded yet shows what the newest file has of it. Nothing is changed.
    """
    sources, entries, totals = _read(parse_years(years), version, every_version=every_version)
    if as_json:
        parts = {"sources": [asdict(source) for source in sources], "entries": [asdict(entry) for entry in entries]}
        typer.echo(json.dumps({**parts, "totals": _totals(entries)}, default=_moment, indent=2))
    elif not entries and not sources:
        _console.print(_EMPTY)
    else:
        _show(entries)
        for source in sources:
            _console.print(escape(_equation(source, totals[source.source_sha256])))


def _read(
    years: YearRange | None, version: str | None, *, every_version: bool
) -> tuple[list[SourceEntry], list[LedgerEntry], dict[str, dict[str, int]]]:
    """The entries to show, their files, and the kinds of lines of each file as a whole."""
    engine = open_warehouse(load_settings())
    try:
        migrations.require_migrated(engine)
        with connect(engine) as connection:
            files = ledger_report.source_entries(connection)
            entries = ledger_report.ledger_entries(connection)
    finally:
        engine.dispose()
    _require_version(files, version)
    shown = _chosen(files, entries, years, version, every_version=every_version)
    named = {entry.source_sha256 for entry in shown}
    of_file = {
        file.source_sha256: _totals(entry for entry in entries if entry.source_sha256 == file.source_sha256)
        for file in files
        if file.source_sha256 in named
    }
    return [file for file in files if file.source_sha256 in of_file], shown, of_file


def _chosen(
    files: Sequence[SourceEntry],
    entries: Sequence[LedgerEntry],
    years: YearRange | None,
    version: str | None,
    *,
    every_version: bool,
) -> list[LedgerEntry]:
    if version is not None:
        chosen = [entry for entry in entries if entry.version == version]
    elif every_version:
        chosen = list(entries)
    else:
        chosen = ledger_report.current_entries(entries, files[0].source_sha256 if files else "")
    if years is None or not chosen:
        return chosen
    within = [entry for entry in chosen if years[0] <= entry.year <= years[1]]
    if not within:
        raise ConfigurationError(
            f"The ledger has no year from {years[0]} to {years[1]}: it has {chosen[0].year} to {chosen[-1].year}."
        )
    return within


def _require_version(files: Sequence[SourceEntry], version: str | None) -> None:
    known = [file.version for file in files]
    if version is not None and version not in known:
        listed = ", ".join(dict.fromkeys(known)) or "none"
        raise ConfigurationError(f"The ledger has no version {version!r}. It has: {listed}.")


def _totals(entries: Iterable[LedgerEntry]) -> dict[str, int]:
    totals = dict.fromkeys(COUNTS, 0)
    for entry in entries:
        for name in COUNTS:
            totals[name] += getattr(entry, name) or 0
    return totals


def _show(entries: Sequence[LedgerEntry]) -> None:
    # Never narrower than its numbers, which would be cut: a narrow terminal breaks lines. The rest is in --json.
    details = _console.width >= _WIDE or not _console.is_terminal
    console = Console(highlight=False, width=max(_WIDE if details else _NARROW, _console.width))
    table = Table(title="The ledger", show_footer=True)
    totals = _totals(entries)
    table.add_column("year", "total")
    table.add_column("version", f"{len(entries):,} entries", overflow="fold")
    for name in COUNTS:
        table.add_column(name, f"{totals[name]:,}", justify="right", no_wrap=True)
    for name in ("digest", "run", "loaded at (UTC)") if details else ():
        table.add_column(name, no_wrap=True)
    for entry in entries:
        table.add_row(*_cells(entry, details=details))
    console.print(table)


def _cells(entry: LedgerEntry, *, details: bool) -> list[str]:
    numbers = [getattr(entry, name) for name in COUNTS]
    cells = [str(entry.year), escape(entry.version or "(unknown)")]
    cells += ["-" if number is None else f"{number:,}" for number in numbers]
    if details:
        loaded_at = f"{entry.loaded_at:%Y-%m-%d %H:%M}" if entry.loaded_at else "not loaded"
        cells += [entry.digest[:8], escape((entry.run_id or "-")[:8]), loaded_at]
    return cells


def _equation(source: SourceEntry, totals: dict[str, int]) -> str:
    """The books of a whole file, whatever years are shown."""
    kinds = {**totals, "rejected": totals["rejected"] + source.unplaced}
    accounted = source.header_lines + sum(kinds[name] for name in _KINDS)
    terms = " + ".join(f"{kinds[name]:,} {name}" for name in _KINDS)
    sign, end = ("=", "") if accounted == source.lines else ("is not", f": {accounted:,}. Run: babynames verify")
    name = f"{source.file_name} of {source.dataset} version {source.version}"
    return f"{name}: {source.lines:,} lines {sign} {source.header_lines:,} header + {terms}{end}"


def _moment(value: Any) -> str:
    """A moment with its zone; nothing else in the document needs help."""
    if not isinstance(value, dt.datetime):
        raise TypeError(f"{value!r} has no form in JSON")
    return value.replace(tzinfo=dt.UTC).isoformat()
