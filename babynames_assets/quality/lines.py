"""Whether every line of the file is accounted for, counted from the file, the scan's own files and the ledger."""

from collections.abc import Iterator, Mapping

import polars as pl
from polars.exceptions import PolarsError

from babynames_assets.ingest.frame_files import open_frame
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.ingest.scan import Scan, rejected
from babynames_assets.loading.file_checks import count_lines
from babynames_assets.quality.verdict import Verdict
from babynames_assets.warehouse import ledger
from babynames_assets.warehouse.check_findings import CheckFinding
from babynames_assets.warehouse.engine import Engine, connect

_BUG = "This is a bug in babynames_assets, or the files in the state folder were changed from outside."


def lines_verdict(engine: Engine, raw: RawFile, scan: Scan) -> Verdict:
    """Whether ``lines = header + valid + merged + duplicates + rejected``, in the files and in the ledger."""
    counted, unreadable = _count(raw, scan)
    findings = [*unreadable, *_unequal(counted, raw)]
    with connect(engine) as connection:
        if ledger.has_source(connection, raw.sha256):
            entered = vars(ledger.totals(connection, raw.sha256))
            findings += _unlike_files(counted, entered, raw)
    return Verdict(counted, findings)


def _count(raw: RawFile, scan: Scan) -> tuple[dict[str, int], list[CheckFinding]]:
    """Each kind of line; merged ones and duplicates leave nothing that could be counted but the scan's word."""
    findings, valid, refused = [], 0, 0
    for year in scan.years:
        try:
            valid += open_frame(scan.frame_path(year)).select(pl.len()).collect().item()
        except (PolarsError, OSError) as error:
            findings.append(CheckFinding(year, str(scan.frame_path(year)), f"it cannot be read: {error}"))
    try:
        refused = rejected(scan.folder).select(pl.len()).collect().item()
    except (PolarsError, OSError) as error:
        findings.append(CheckFinding(None, str(scan.folder / "rejected.parquet"), f"it cannot be read: {error}"))
    counts = {
        "lines": count_lines(raw.path),
        "header_lines": scan.header_lines,
        "valid": valid,
        "merged": sum(counts.merged for counts in scan.years.values()),
        "duplicates": sum(counts.duplicates for counts in scan.years.values()),
        "rejected": refused,
    }
    return counts, findings


def _unequal(counts: Mapping[str, int], raw: RawFile) -> Iterator[CheckFinding]:
    accounted = sum(counts.values()) - counts["lines"]
    if accounted != counts["lines"]:
        message = f"the file has {counts['lines']:,} lines, of which {accounted:,} are accounted for. {_BUG}"
        yield CheckFinding(None, raw.member, message)


def _unlike_files(counted: Mapping[str, int], entered: Mapping[str, int], raw: RawFile) -> Iterator[CheckFinding]:
    wrong = [
        f"{name} {entered[name]:,}, counted {counted[name]:,}" for name in counted if entered[name] != counted[name]
    ]
    if wrong:
        yield CheckFinding(None, raw.member, f"the ledger says {'; '.join(wrong)}")
