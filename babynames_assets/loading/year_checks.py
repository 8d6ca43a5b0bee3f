"""Checks of one year: what each place holds of it, against the frame that the file was read into again."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from babynames_assets.errors import FatalError
from babynames_assets.ingest.content import digest
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.ingest.scan import Scan
from babynames_assets.ingest.schema import COLUMNS
from babynames_assets.loading.findings import REENTER, Finding, found_by_reading
from babynames_assets.loading.row_differences import compare_rows
from babynames_assets.warehouse.ledger import YearRecord
from babynames_assets.warehouse.ledger_report import LedgerEntry

_FORCE = (
    "Materialize warehouse/baby_names of the year with BABYNAMES_WAREHOUSE__COMPARE=always: without it a load may "
    "trust the ledger and skip the year."
)
_LOAD = "Materialize warehouse/baby_names of the year."
_VALIDATE = "Materialize validated/baby_names of the year, then warehouse/baby_names."
_DELETE = (
    "A load never empties a year. If the file is right, delete the year's rows from the table baby_names; if not, "
    "bring the right file."
)


@dataclass(frozen=True)
class ExpectedYear:
    """A year as the file was read now."""

    raw: RawFile
    scan: Scan
    year: int

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The year's rows; none for a year that the file does not have."""
        return _frame(self.scan, self.year) if self.year in self.scan.years else pl.DataFrame(schema=COLUMNS)

    @cached_property
    def count(self) -> YearRecord:
        """The counts; rows and digest are those of the frame itself."""
        told = self.scan.years.get(self.year)
        merged, duplicates, refused = (told.merged, told.duplicates, told.rejected) if told else (0, 0, 0)
        valid = self.frame.height
        lines = valid + merged + duplicates + refused
        return YearRecord(self.year, lines, valid, merged, duplicates, refused, digest(self.frame))


def check_stored_scan(expected: ExpectedYear, folder: Path) -> Iterator[Finding]:
    """The stored scan, from which frames are published, holds the same frame."""
    if expected.year not in expected.scan.years:
        return
    try:
        stored = digest(_frame(replace(expected.scan, folder=folder), expected.year))
    except (PolarsError, OSError) as error:
        stored = f"none ({type(error).__name__})"
    if stored != expected.count.digest:
        message = f"its frame has the digest {stored}, the file's is {expected.count.digest}"
        remedy = f"Remove the folder {folder}: the next run makes it again from the raw file."
        yield Finding("stored scan", "differs", expected.year, message, remedy)


def check_frame(expected: ExpectedYear, frames: FrameStore) -> Iterator[Finding]:
    """The year's validated Parquet frame is the file's."""
    year, wanted = expected.year, expected.count
    if year not in frames.years():
        if wanted.lines:
            yield Finding("Parquet", "pending", year, "not validated yet", _VALIDATE)
        return
    try:
        frame = frames.get(year)
        frame.read()
    except FatalError as error:
        yield found_by_reading("Parquet", year, error)
        return
    told = frame.provenance
    if told.digest != wanted.digest and told.source_sha256 != expected.raw.sha256:
        message = f"this version is not validated yet: the frame is that of {told.dataset} version {told.version}"
        yield Finding("Parquet", "pending", year, message, _VALIDATE)
    elif wrong := _wrong(told, wanted, with_counts=told.source_sha256 == expected.raw.sha256):
        remedy = f"Remove {frame.path}. {_VALIDATE}"
        yield Finding("Parquet", "differs", year, f"the frame says {wrong}", remedy)


def check_entry(expected: ExpectedYear, entries: Sequence[LedgerEntry]) -> Iterator[Finding]:
    """The ledger's entry of the year for this file has the file's counts; ``entries`` are all of the year."""
    year, sha256 = expected.year, expected.raw.sha256
    entry = next((entry for entry in entries if entry.source_sha256 == sha256), None)
    if entry is None:
        wrong = f"no entry of the year for this file, which has {expected.count.lines:,} lines of it"
        found = wrong if expected.count.lines else ""
    else:
        found = _wrong(entry, expected.count)
    if found:
        yield Finding("ledger", "differs", year, f"the ledger says {found}", REENTER.format(sha256=sha256))


def check_table(expected: ExpectedYear, rows: pl.DataFrame, entries: Sequence[LedgerEntry]) -> Iterator[Finding]:
    """The table's year is the file's, and the ledger says so; both were read at one moment."""
    current = [entry for entry in entries if entry.is_current]
    held = digest(rows)
    if held == expected.count.digest:
        yield from _check_current(expected, current)
    elif expected.frame.height and _is_as_loaded(held, current):
        yield Finding("table", "pending", expected.year, _not_loaded(current), _LOAD)
    else:
        yield _rows_differ(expected, rows, current)


def _check_current(expected: ExpectedYear, current: Sequence[LedgerEntry]) -> Iterator[Finding]:
    """What the ledger names as loaded is what the table holds; this file's own entry is checked already."""
    others = [entry for entry in current if entry.source_sha256 != expected.raw.sha256]
    if not current and expected.frame.height:
        message = "the table holds the year, but the ledger names no load that brought it there"
    elif len(current) > 1:
        message = f"the ledger names {len(current)} files as what the table holds"
    elif others and others[0].digest != expected.count.digest:
        message = f"the ledger says that the table holds {others[0].digest}, but it holds {expected.count.digest}"
    else:
        return
    yield Finding("ledger", "differs", expected.year, message, _FORCE)


def _is_as_loaded(held: str, current: Sequence[LedgerEntry]) -> bool:
    """The table holds what was loaded last, or nothing because nothing was."""
    nothing = digest(pl.DataFrame(schema=COLUMNS))
    return held in ({entry.digest for entry in current} or {nothing})


def _not_loaded(current: Sequence[LedgerEntry]) -> str:
    if not current:
        return "not loaded yet"
    return f"this version is not loaded yet: the table holds {current[0].dataset} version {current[0].version}"


def _rows_differ(expected: ExpectedYear, rows: pl.DataFrame, current: Sequence[LedgerEntry]) -> Finding:
    differences = compare_rows(expected.frame, rows)
    message = (
        f"rows missing: {differences.missing:,}, unexpected: {differences.unexpected:,}, with other births: "
        f"{differences.changed:,}; the file has {expected.frame.height:,} rows, the table {rows.height:,}"
    )
    would_skip = any(entry.digest == expected.count.digest for entry in current)
    remedy = _DELETE if expected.frame.is_empty() else _FORCE if would_skip else _LOAD
    return Finding("table", "differs", expected.year, message, remedy, differences)


def _wrong(told: object, counted: YearRecord, *, with_counts: bool = True) -> str:
    """The fields that something tells otherwise than they were counted."""
    fields = {name: value for name, value in asdict(counted).items() if name != "year"}
    names = fields if with_counts else ["digest"]
    return "; ".join(
        f"{name} {getattr(told, name)}, counted {fields[name]}" for name in names if getattr(told, name) != fields[name]
    )


def _frame(scan: Scan, year: int) -> pl.DataFrame:
    return pl.read_parquet(scan.frame_path(year), columns=list(COLUMNS), hive_partitioning=False)
