"""One pass over a file: every line becomes valid, merged, a duplicate or rejected, and none is lost.

The result is a folder: ``year=1984.parquet`` for each year, ``rejected.parquet`` and ``scan.json``. It appears whole or
not at all; a second scan of the same file under the same rules finds it and does not read the file again.
"""

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl
import structlog

from babynames_assets.errors import SourceError
from babynames_assets.ingest.atomic_folder import atomic_folder
from babynames_assets.ingest.clean_blocks import plain_text
from babynames_assets.ingest.layouts import resolve_layout
from babynames_assets.ingest.lines import read_blocks
from babynames_assets.ingest.memory import plan_for
from babynames_assets.ingest.provenance import FrameSource
from babynames_assets.ingest.rejects import Rejects
from babynames_assets.ingest.rules import Rules, judge
from babynames_assets.ingest.shards import Shards
from babynames_assets.ingest.side_by_side import in_order
from babynames_assets.ingest.year_frames import YearCounts, finish_years, frame_path
from babynames_assets.setting_groups import IngestSettings

FORMAT = 2
"""Raise it when the rules change: scans of earlier formats are made anew."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Scan:
    """A finished scan.

    Attributes:
        folder: where its files are.
        lines: physical lines of the file, with those of the header.
        unplaced: rejected lines whose year could not be read or is not allowed.
    """

    folder: Path
    source_sha256: str
    header_lines: int
    lines: int
    years: dict[int, YearCounts]
    unplaced: int

    def frame_path(self, year: int) -> Path:
        """The Parquet file of a year's frame."""
        return frame_path(self.folder, year)


def scan_file(
    path: Path,
    target_folder: Path,
    *,
    source: FrameSource,
    settings: IngestSettings,
    file_name: str | None = None,
    on_read: Callable[[int, int], None] = lambda _bytes, _lines: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Scan:
    """Scan a file, or return the finished scan of it that the folder holds.

    Args:
        path: the CSV file.
        target_folder: the result; what is there of another file, or made under other rules, is replaced.
        source: what the frames say of the file; a finished scan is known by its digest.
        settings: the allowed years and lengths, and the year of a file that names none.
        file_name: the name that the source gave the file, if the path has another.
        on_read: called with the bytes and the lines of each block that is read, for progress.
        clock: tells the last allowed year where the settings do not.

    Raises:
        SourceError: the layout is unknown, or there is not one valid row.
    """
    rules = _rules(settings, clock)
    name = file_name or path.name
    identity = _identity(source.source_sha256, name, settings, rules)
    if scan := _stored(target_folder, identity):
        return scan
    started = time.monotonic()
    with atomic_folder(target_folder, is_current=lambda folder: _stored(folder, identity) is not None) as folder:
        scan = _scan(path, name, folder, source, settings, rules, on_read)
        _store(scan, identity)
    _log.info(
        "file_scanned",
        file=name,
        lines=scan.lines,
        years=len(scan.years),
        rejected=scan.unplaced + sum(counts.rejected for counts in scan.years.values()),
        seconds=round(time.monotonic() - started, 3),
    )
    return replace(scan, folder=target_folder)


def finished_scan(
    target_folder: Path,
    *,
    source_sha256: str,
    file_name: str,
    settings: IngestSettings,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Scan | None:
    """What an earlier ``scan_file`` of a file found under the rules of today; None if it has to be read first."""
    return _stored(target_folder, _identity(source_sha256, file_name, settings, _rules(settings, clock)))


def rejected(scan_folder: Path) -> pl.LazyFrame:
    """The rejected lines of a finished scan: line, year (null where it is unknown), text and reasons."""
    return pl.scan_parquet(scan_folder / "rejected.parquet")


def prove_that_no_line_is_lost(scan: Scan, file_name: str) -> None:
    """Compare the counts with the number of lines that were read.

    Raises:
        RuntimeError: they do not speak of every line; that is a bug.
    """
    accounted = scan.header_lines + sum(counts.lines for counts in scan.years.values()) + scan.unplaced
    if accounted != scan.lines:
        raise RuntimeError(
            f"The scan of {file_name} read {scan.lines:,} lines but accounts for {accounted:,}. "
            "This is a bug in babynames_assets, not in the file; nothing was changed."
        )


def _rules(settings: IngestSettings, clock: Callable[[], datetime]) -> Rules:
    return Rules(settings.first_year, settings.last_year or clock().year, settings.max_name_length)


def _identity(source_sha256: str, file_name: str, settings: IngestSettings, rules: Rules) -> dict[str, Any]:
    """What has to be the same for a scan to be that of today."""
    made_from = {"format": FORMAT, "source_sha256": source_sha256, "year": settings.year, "file_name": file_name}
    return made_from | {"rules": asdict(rules)}


def _scan(
    path: Path,
    file_name: str,
    folder: Path,
    source: FrameSource,
    settings: IngestSettings,
    rules: Rules,
    on_read: Callable[[int, int], None],
) -> Scan:
    plan = plan_for(settings.memory_mib)
    blocks = read_blocks(path, file_name, block_bytes=plan.block_bytes)
    first = next(blocks, None)
    if first is None:
        raise SourceError(f"{file_name} is empty (0 bytes of text). Get the file again; nothing was changed.")
    layout = resolve_layout(first.lines[0], file_name=file_name, year=settings.year)
    pieces = folder / "pieces"
    pieces.mkdir()
    shards, rejects = Shards(pieces, plan), Rejects(pieces)
    lines = layout.header_lines
    data = chain([first.without_first_lines(layout.header_lines)], blocks)
    for judged, judged_bytes, judged_lines in in_order(
        lambda block: (judge(block, layout, rules), len(block.body), len(block)), data
    ):
        shards.add(judged.candidates)
        rejects.add(judged.rejected)
        lines += judged_lines
        on_read(judged_bytes, judged_lines)
    text = plain_text(layout)
    years = finish_years(shards, rejects, folder, source=source, pieces=pieces, plan=plan, plain_text=text)
    rejects.write(folder / "rejected.parquet")
    scan = Scan(folder, source.source_sha256, layout.header_lines, lines, years, rejects.unplaced)
    _refuse_nothing(scan, file_name)
    prove_that_no_line_is_lost(scan, file_name)
    shutil.rmtree(pieces)
    return scan


def _refuse_nothing(scan: Scan, file_name: str) -> None:
    """A source that answers with nothing must not delete everything."""
    data_lines = scan.lines - scan.header_lines
    if data_lines == 0:
        raise SourceError(f"{file_name} has a header but no data rows. Get the file again; nothing was changed.")
    if any(counts.valid for counts in scan.years.values()):
        return
    reasons = rejected(scan.folder).select(pl.col("reasons").list.explode().value_counts(sort=True)).head(3).collect()
    listed = "; ".join(f"{count['reasons']} ({count['count']:,} lines)" for count in reasons.to_series())
    raise SourceError(
        f"{file_name}: none of its {data_lines:,} data lines can be used. Most frequent reasons: {listed}. "
        "Nothing was changed; mend the file or the BABYNAMES_INGEST__ settings."
    )


def _store(scan: Scan, identity: dict[str, Any]) -> None:
    record = {
        **identity,
        "header_lines": scan.header_lines,
        "lines": scan.lines,
        "unplaced": scan.unplaced,
        "years": {year: vars(counts) for year, counts in scan.years.items()},
    }
    (scan.folder / "scan.json").write_text(json.dumps(record) + "\n", encoding="utf-8")


def _stored(folder: Path, identity: dict[str, Any]) -> Scan | None:
    try:
        record = json.loads((folder / "scan.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):  # ValueError: cut by a power failure
        return None
    if {name: record.get(name) for name in identity} != identity:
        return None
    years = {int(year): YearCounts(**counts) for year, counts in record["years"].items()}
    return Scan(folder, record["source_sha256"], record["header_lines"], record["lines"], years, record["unplaced"])
