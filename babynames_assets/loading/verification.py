"""The recount: every line from the kept file to the table again, trusting nothing that was counted before.

It changes nothing, and holds one year at a time. What differs is a finding; a step that was not run yet is one too, but
of another kind: nothing is lost there.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from babynames_assets.errors import ConfigurationError
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.raw_files import RawFile, RawFiles
from babynames_assets.ingest.scan import Scan, scan_file
from babynames_assets.loading import file_checks, year_checks
from babynames_assets.loading.findings import Finding
from babynames_assets.loading.year_checks import ExpectedYear
from babynames_assets.settings import Settings
from babynames_assets.warehouse import baby_names, ledger_report
from babynames_assets.warehouse.engine import Connection, Engine, connect
from babynames_assets.warehouse.ledger import SourceRecord, YearRecord
from babynames_assets.warehouse.ledger_report import YearRange

OnProgress = Callable[[str, int, int], None]
"""Takes what is being examined, how much is done, and how much there is."""


@dataclass(frozen=True)
class VerifiedFile(SourceRecord):
    """The file and its lines, as they were counted now.

    ``lines = header_lines + valid + merged + duplicates + rejected``; unplaced lines are among the rejected.
    """

    valid: int
    merged: int
    duplicates: int
    rejected: int
    years: int


@dataclass(frozen=True)
class Verification:
    """What the recount found.

    Attributes:
        file: None when the kept file is not what was kept, so that nothing can be counted.
        years: the years that were compared, with what the file says of each.
        table_rows: rows that the table has in these years.
        findings: every place that differs; none when all is equal.
    """

    file: VerifiedFile | None
    years: tuple[YearRecord, ...]
    table_rows: int
    findings: tuple[Finding, ...]

    @property
    def is_equal(self) -> bool:
        """Whether the table is the file."""
        return not self.findings


class _Stores(NamedTuple):
    """Where the places are that are compared with the file."""

    engine: Engine
    frames: FrameStore
    stored_scan: Path | None


def verify(
    engine: Engine,
    raw_files: RawFiles,
    frames: FrameStore,
    settings: Settings,
    *,
    years: YearRange | None = None,
    on_progress: OnProgress = lambda _what, _done, _total: None,
) -> Verification:
    """Recount the current file from its bytes to the table.

    The file is always read whole, and its lines and dead letters counted; ``years`` limits what is compared by year.

    Args:
        engine: the warehouse, with an up-to-date schema.
        raw_files: the kept files.
        frames: the validated frames.
        settings: how a file is read, and where a temporary folder may be.
        years: first and last year to compare; None for all that the file or any other place has.
        on_progress: called before each part.

    Raises:
        FatalError: there is no file yet.
        SourceError: the file cannot be read under the present settings.
        ConfigurationError: no place has a year in that range.
        RetryableError: the warehouse cannot answer now.
    """
    on_progress("the kept file's bytes", 0, 1)
    raw = file_checks.kept_file(raw_files)
    if isinstance(raw, Finding):
        return Verification(None, (), 0, (raw,))
    settings.state_folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="verify-", dir=settings.state_folder) as folder:
        on_progress("the file's lines", 0, 1)
        scan = scan_file(
            raw.path,
            Path(folder) / "scan",
            source=raw.as_frame_source(),
            settings=settings.ingest,
            file_name=Path(raw.member).name,
        )
        stored = settings.state_folder / "scans" / raw.sha256
        stored_scan = stored if _are_made_alike(stored, scan.folder) else None
        return _compare(raw, scan, _Stores(engine, frames, stored_scan), years, on_progress)


def _compare(
    raw: RawFile, scan: Scan, stores: _Stores, wanted: YearRange | None, on_progress: OnProgress
) -> Verification:
    with connect(stores.engine) as connection:
        years = _years_to_compare(connection, raw, scan, stores.frames, wanted)
        on_progress("the dead letters", 0, 1)
        findings = list(_check_file(connection, raw, scan))
        is_entered = ledger_report.source_entry(connection, raw.sha256) is not None
    counts, table_rows = [], 0
    for done, year in enumerate(years):
        on_progress("years", done, len(years))
        expected = ExpectedYear(raw, scan, year)
        found, rows = _check_year(expected, stores, is_entered=is_entered)
        findings += found
        counts.append(expected.count)
        table_rows += rows
    on_progress("years", len(years), len(years))
    return Verification(_verified_file(raw, scan), tuple(counts), table_rows, tuple(findings))


def _check_file(connection: Connection, raw: RawFile, scan: Scan) -> Iterator[Finding]:
    source = ledger_report.source_entry(connection, raw.sha256)
    yield from file_checks.check_lines(raw, scan)
    yield from file_checks.check_source(raw, scan, source)
    if source is not None:
        yield from file_checks.check_letters(connection, raw, scan)


def _check_year(expected: ExpectedYear, stores: _Stores, *, is_entered: bool) -> tuple[list[Finding], int]:
    """What differs in a year, and the number of rows that the table has of it."""
    # One transaction: a load that goes on meanwhile is seen in the ledger and in the table, or in neither.
    with connect(stores.engine) as connection:
        entries = ledger_report.ledger_entries(connection, years=(expected.year, expected.year))
        rows = baby_names.read_year(connection, expected.year)
    findings = list(year_checks.check_frame(expected, stores.frames))
    if stores.stored_scan:
        findings += year_checks.check_stored_scan(expected, stores.stored_scan)
    if is_entered:
        findings += year_checks.check_entry(expected, entries)
    findings += year_checks.check_table(expected, rows, entries)
    return findings, rows.height


def _years_to_compare(
    connection: Connection, raw: RawFile, scan: Scan, frames: FrameStore, wanted: YearRange | None
) -> list[int]:
    """The years that any place has, so that none hides in a place that the file does not know of."""
    entries = ledger_report.ledger_entries(connection)
    entered = {entry.year for entry in entries if entry.source_sha256 == raw.sha256 or entry.is_current}
    known = sorted({*scan.years, *frames.years(), *entered, *ledger_report.table_years(connection)})
    first, last = wanted or (known[0], known[-1])
    years = [year for year in known if first <= year <= last]
    if not years:
        raise ConfigurationError(
            f"There is no year from {first} to {last} in the file or in the table: they have {known[0]} to {known[-1]}."
        )
    return years


def _are_made_alike(stored: Path, fresh: Path) -> bool:
    """Whether the stored scan is of the same file under the same rules; otherwise nothing would use it any more."""
    results = {"header_lines", "lines", "unplaced", "years"}
    try:
        made = [json.loads((folder / "scan.json").read_text(encoding="utf-8")) for folder in (stored, fresh)]
    except (FileNotFoundError, ValueError):
        return False
    of_stored, of_fresh = ({name: value for name, value in one.items() if name not in results} for one in made)
    return bool(of_stored == of_fresh)


def _verified_file(raw: RawFile, scan: Scan) -> VerifiedFile:
    years = scan.years.values()
    return VerifiedFile(
        source_sha256=raw.sha256,
        dataset=raw.dataset,
        version=raw.version,
        file_name=raw.member,
        bytes=raw.bytes,
        lines=scan.lines,
        header_lines=scan.header_lines,
        valid=sum(year.valid for year in years),
        merged=sum(year.merged for year in years),
        duplicates=sum(year.duplicates for year in years),
        rejected=sum(year.rejected for year in years) + scan.unplaced,
        unplaced=scan.unplaced,
        years=len(scan.years),
    )
