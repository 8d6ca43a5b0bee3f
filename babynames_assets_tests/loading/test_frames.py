"""The years of a scanned file become the current frames, several at a time."""

import os
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from babynames_assets.errors import FatalError
from babynames_assets.ingest.frames import FrameStore, StoredFrame
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.ingest.scan import Scan
from babynames_assets.loading.frames import publish_year, publish_years
from babynames_assets_tests.ingest.scanning import frame_rows, scan_lines

YEARS = list(range(1980, 2000))


@pytest.fixture
def frames(tmp_path: Path) -> FrameStore:
    """A store without any frame."""
    return FrameStore(tmp_path / "frames")


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """A scan of twenty years, each with two rows and a duplicate."""
    return scan_lines(tmp_path, *(f"{year},{name},F,{year}" for name in ("Mary", "Ann", "Ann") for year in YEARS))


@pytest.fixture
def raw(tmp_path: Path) -> RawFile:
    """The file of the scan, as far as its frames tell."""
    moment = datetime(2026, 6, 1, tzinfo=UTC)
    path = tmp_path / "names.csv"
    return RawFile(
        dataset="owner/slug",
        version="7",
        origin="kaggle",
        archive_sha256="0a",
        archive_bytes=1,
        updated_at=moment,
        acquired_at=moment,
        sha256="0a",
        bytes=1,
        member=path.name,
        path=path,
    )


def test_all_years_are_published_in_their_order(frames: FrameStore, raw: RawFile, scan: Scan) -> None:
    """Each frame holds the rows of its year, with the provenance of the file."""
    published = publish_years(frames, raw, scan, YEARS)
    assert [stored.year for stored in published] == frames.years() == YEARS
    assert [frames.get(year) for year in YEARS] == published
    assert all(stored.read().rows() == frame_rows(scan, stored.year) for stored in published)
    assert {(stored.provenance.version, stored.provenance.lines) for stored in published} == {("7", 3)}


def test_each_year_is_told_in_the_order_asked_for(frames: FrameStore, raw: RawFile, scan: Scan) -> None:
    """By a call in the thread of the caller, who may speak to what knows one thread only."""
    told: list[tuple[int, int]] = []

    def on_published(stored: StoredFrame) -> None:
        told.append((stored.year, threading.get_ident()))

    publish_years(frames, raw, scan, YEARS[::-1], on_published=on_published)
    assert told == [(year, threading.get_ident()) for year in YEARS[::-1]]


def test_frames_that_are_current_are_left_alone(frames: FrameStore, raw: RawFile, scan: Scan) -> None:
    """Only a frame that is missing, cut or of another version is written."""
    published = publish_years(frames, raw, scan, YEARS)
    for stored in published:
        os.utime(stored.path, (1, 1))
    missing, cut = published[3].path, published[4].path
    missing.unlink()
    cut.write_bytes(cut.read_bytes()[:-30])
    assert publish_years(frames, raw, scan, YEARS) == published
    assert [stored.year for stored in published if stored.path.stat().st_mtime != 1] == [1983, 1984]
    again = publish_years(frames, replace(raw, version="8"), scan, YEARS)
    assert {stored.provenance.version for stored in again} == {"8"}
    assert all(stored.path.stat().st_mtime != 1 for stored in again)


def test_a_year_without_lines_gets_an_empty_frame(frames: FrameStore, raw: RawFile, scan: Scan) -> None:
    """On purpose: its rows are to be deleted."""
    [stored] = publish_years(frames, raw, scan, [1900])
    assert stored == publish_year(frames, raw, scan, 1900)
    assert (stored.provenance.lines, stored.read().height) == (0, 0)


def test_a_scan_that_was_changed_on_disk_stops_the_publication(frames: FrameStore, raw: RawFile, scan: Scan) -> None:
    """The years before it are published, and the frame of the year stays what it was."""
    before = publish_years(frames, replace(raw, version="6"), scan, YEARS)
    changed = pl.read_parquet(scan.frame_path(1990), hive_partitioning=False).head(1)
    changed.write_parquet(scan.frame_path(1990))
    with pytest.raises(FatalError, match=r"does not hold the frame of 1990.*materialize validated/baby_names again"):
        publish_years(frames, raw, scan, YEARS)
    assert {frames.get(year).provenance.version for year in range(1980, 1990)} == {"7"}
    assert frames.get(1990) == before[10]


def test_no_years_are_no_frames(frames: FrameStore, raw: RawFile, scan: Scan) -> None:
    """Nothing is written."""
    assert publish_years(frames, raw, scan, []) == []
    assert frames.years() == []
