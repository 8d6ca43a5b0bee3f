"""Releases for the crash campaign: the same years with other content, as frames on disk and as plain rows."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from babynames_assets.emulators.dataset import generate
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.provenance import FrameSource
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.ingest.scan import scan_file
from babynames_assets.loading.frames import publish_year
from babynames_assets.setting_groups import IngestSettings
from babynames_assets_tests.loading.crashing.content import YEARS, Content, Rows

ROWS = 40_000
"""In a release: its largest year has about 7,000, more than a load sends in one statement."""

_LATE, _NEVER = 2010, 2011


@dataclass(frozen=True)
class Release:
    """A release's frames, and what they say.

    Attributes:
        folder: of the frame store.
        content: the rows of every year.
        source_sha256: digest of its file.
    """

    folder: Path
    content: Content
    source_sha256: str


def make_releases(folder: Path) -> list[Release]:
    """A first release, two revisions (few rows differ each time), and one of another dataset (nearly all differ).

    The last year is empty in all of them, the one before in the first: an empty frame for a year that has rows is
    refused by design, so no release takes a year away.
    """
    plans = [(1, 0, _LATE - 1), (1, 1, _LATE - 1), (1, 2, _LATE - 1), (2, 0, _LATE)]
    return [_make(folder / f"release-{number}", *plan) for number, plan in enumerate(plans)]


def _make(folder: Path, seed: int, revision: int, last_year: int) -> Release:
    folder.mkdir(parents=True)
    path = folder / "names.csv"
    generate(path, seed=seed, first_year=YEARS[0], last_year=last_year, rows=ROWS, revision=revision)
    _take_out(path, _NEVER)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    scan = scan_file(path, folder / "scan", source=FrameSource("names", "1", sha256), settings=IngestSettings())
    raw = _raw_file(path, sha256)
    frames = FrameStore(folder / "frames")
    content = {year: _rows(publish_year(frames, raw, scan, year).path) for year in YEARS}
    return Release(folder / "frames", content, sha256)


def _take_out(path: Path, year: int) -> None:
    """A second revision brings a second new year."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(f"{year},")), encoding="utf-8")


def _raw_file(path: Path, sha256: str) -> RawFile:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return RawFile(
        dataset="crashes",
        version=sha256[:8],
        origin="landing",
        archive_sha256=sha256,
        archive_bytes=path.stat().st_size,
        updated_at=moment,
        acquired_at=moment,
        sha256=sha256,
        bytes=path.stat().st_size,
        member=path.name,
        path=path,
    )


def _rows(path: Path) -> Rows:
    return frozenset(pl.read_parquet(path, columns=["sex", "name", "births"], hive_partitioning=False).iter_rows())
