"""Files made of a few lines, and their scans."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from babynames_assets.ingest.provenance import FrameSource
from babynames_assets.ingest.scan import Scan, rejected, scan_file
from babynames_assets.setting_groups import IngestSettings

SOURCE = FrameSource("names", "1", "0a")
"""What a scan here is told of its file."""

HEADER = "YearOfBirth,Name,Sex,Number"

Row = tuple[int, str, str, int]


def frozen_clock() -> datetime:
    """A moment in 2026."""
    return datetime(2026, 6, 1, tzinfo=UTC)


def scan_bytes(
    folder: Path,
    content: bytes,
    *,
    name: str = "names.csv",
    settings: IngestSettings | None = None,
    sha256: str = SOURCE.source_sha256,
) -> Scan:
    """Write a file and scan it."""
    path = folder / name
    path.write_bytes(content)
    return scan_file(
        path,
        folder / "scan",
        source=replace(SOURCE, source_sha256=sha256),
        settings=settings or IngestSettings(),
        clock=frozen_clock,
    )


def scan_lines(folder: Path, *lines: str, header: str = HEADER, name: str = "names.csv") -> Scan:
    """Scan a file of a header and lines."""
    return scan_bytes(folder, "".join(f"{line}\n" for line in [header, *lines]).encode(), name=name)


def rows(scan: Scan) -> list[Row]:
    """All final rows: year, sex, name, births."""
    return [row for year in scan.years for row in frame_rows(scan, year)]


def frame_rows(scan: Scan, year: int) -> list[Row]:
    """A year's final rows."""
    return pl.read_parquet(scan.frame_path(year), hive_partitioning=False).rows()


def reasons(scan: Scan) -> dict[int, list[str]]:
    """The reasons of each rejected line, by its number."""
    return dict(rejected(scan.folder).select("line", "reasons").collect().iter_rows())


def accounted(scan: Scan) -> int:
    """The lines that the counts speak of."""
    counts = scan.years.values()
    kinds = sum(count.valid + count.merged + count.duplicates + count.rejected for count in counts)
    return scan.header_lines + kinds + scan.unplaced
