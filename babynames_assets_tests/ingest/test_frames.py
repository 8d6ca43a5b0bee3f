"""The store of current frames: whole or not at all, with provenance, never empty by accident."""

import dataclasses
import itertools
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from babynames_assets.errors import FatalError
from babynames_assets.ingest.content import digest, lines_of
from babynames_assets.ingest.frames import FrameStore, StoredFrame
from babynames_assets.ingest.provenance import Provenance
from babynames_assets.ingest.scan import Scan
from babynames_assets.ingest.schema import COLUMNS
from babynames_assets_tests.ingest.scanning import SOURCE, scan_lines

CHECKOUT = Path(__file__).parents[2]
SECONDS = 120.0
"""A process that takes longer hangs, and is ended."""


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """A scan with two rows of 1984 and one of 1985."""
    return scan_lines(tmp_path, "1984,Mary,F,10", "1984,Zo\u00eb,F,2", "1985,Ann,F,1", "1984,Mary,X,1")


@pytest.fixture
def store(tmp_path: Path) -> FrameStore:
    """A store without any frame."""
    return FrameStore(tmp_path / "frames")


def provenance_of(scan: Scan, year: int, version: str = SOURCE.version) -> Provenance:
    """The provenance of a year's frame."""
    return scan.years[year].provenance(dataclasses.replace(SOURCE, version=version))


def put(store: FrameStore, scan: Scan, year: int = 1984, version: str = SOURCE.version) -> StoredFrame:
    """Store a year of the scan."""
    sha256 = scan.years[year].file_sha256
    return store.put(year, scan.frame_path(year), provenance_of(scan, year, version), file_sha256=sha256)


def nothing(**changes: Any) -> Provenance:
    """The provenance of an empty frame."""
    empty = Provenance("owner/slug", "8", "0b", 0, 0, 0, 0, 0, digest(pl.DataFrame(schema=COLUMNS)))
    return dataclasses.replace(empty, **changes)


def test_a_stored_frame_comes_back_with_its_provenance(store: FrameStore, scan: Scan) -> None:
    """Rows and provenance are read from the same file."""
    put(store, scan)
    stored = store.get(1984)
    assert stored.read().rows() == [(1984, "F", "Mary", 10), (1984, "F", "Zo\u00eb", 2)]
    assert dict(stored.read().schema) == COLUMNS
    assert (stored.year, stored.provenance) == (1984, provenance_of(scan, 1984))
    assert (stored.provenance.lines, stored.provenance.rejected) == (3, 1)


def test_a_stored_frame_does_not_need_its_scan_any_more(store: FrameStore, scan: Scan) -> None:
    """The store holds copies."""
    stored = put(store, scan)
    scan.frame_path(1984).unlink()
    assert stored.read().height == 2


def test_an_equal_frame_is_not_written_again(store: FrameStore, scan: Scan) -> None:
    """The same provenance leaves the file untouched."""
    stored = put(store, scan)
    os.utime(stored.path, (1, 1))
    assert put(store, scan) == stored
    assert stored.path.stat().st_mtime == 1


def test_a_new_version_with_equal_rows_updates_the_provenance(store: FrameStore, scan: Scan) -> None:
    """The provenance always names the version that was validated last."""
    stored = put(store, scan)
    put(store, scan, version="8")
    assert store.get(1984).provenance == dataclasses.replace(stored.provenance, version="8")
    assert store.get(1984).read().equals(pl.read_parquet(scan.frame_path(1984), hive_partitioning=False))


def test_a_missing_year_is_an_error_that_says_what_to_do(store: FrameStore, scan: Scan) -> None:
    """A missing file is never taken for an empty year."""
    put(store, scan)
    with pytest.raises(FatalError, match=r"no validated frame of 1985.*Materialize validated/baby_names of 1985 first"):
        store.get(1985)


def test_a_year_that_has_gone_gets_an_empty_frame_on_purpose(store: FrameStore, scan: Scan) -> None:
    """Only put_empty empties a year."""
    put(store, scan)
    stored = store.put_empty(1984, nothing())
    assert (stored.read().height, dict(stored.read().schema)) == (0, COLUMNS)
    assert store.get(1984).provenance == nothing()
    os.utime(stored.path, (1, 1))
    assert store.put_empty(1984, nothing()).path.stat().st_mtime == 1


@pytest.mark.parametrize("changes", [{"valid": 2}, {"digest": "0a"}])
def test_an_empty_frame_cannot_have_the_provenance_of_rows(store: FrameStore, changes: dict[str, Any]) -> None:
    """A caller that mixes up its years is stopped."""
    with pytest.raises(FatalError, match=r"An empty frame of 1984 was to be stored, but its provenance counts"):
        store.put_empty(1984, nothing(**changes))
    assert store.years() == []


def test_the_store_knows_its_years(store: FrameStore, scan: Scan) -> None:
    """Also those with an empty frame; leftovers of a killed process do not count."""
    assert store.years() == []
    put(store, scan, 1985)
    put(store, scan, 1984)
    store.put_empty(1880, nothing())
    (store.get(1984).path.parent / ".year=1999.parquet.0a.partial").write_bytes(b"PAR1")
    assert store.years() == [1880, 1984, 1985]


def test_a_scan_that_changed_on_disk_is_not_stored(store: FrameStore, scan: Scan) -> None:
    """The file must be the one that the scan wrote, to the byte, and have the digest that it counted."""
    put(store, scan, 1985)
    wrong = dataclasses.replace(provenance_of(scan, 1984), digest="0a")
    with pytest.raises(FatalError, match=r"does not hold the frame of 1984 that the scan counted.*Remove the folder"):
        store.put(1984, scan.frame_path(1984), wrong, file_sha256=scan.years[1984].file_sha256)
    scan.frame_path(1984).write_bytes(b"PAR1 and nothing else")
    with pytest.raises(FatalError, match="does not hold the frame of 1984"):
        put(store, scan, 1984)
    scan.frame_path(1984).unlink()
    with pytest.raises(FatalError, match="does not hold the frame of 1984"):
        put(store, scan, 1984)
    assert store.years() == [1985]


def large(store: FrameStore, folder: Path) -> StoredFrame:
    """Store a frame of a thousand rows."""
    (folder / "large").mkdir()
    names = ["".join(letters) for letters in itertools.product("abcdefghij", repeat=3)]
    return put(store, scan_lines(folder / "large", *(f"1984,{name},F,{n}" for n, name in enumerate(names, start=1))))


@pytest.mark.parametrize("rows", [1, 7, 10, 999, 1000, 1001])
def test_a_frame_comes_in_parts_of_bounded_size(store: FrameStore, tmp_path: Path, rows: int) -> None:
    """The parts are the frame, in its order."""
    stored = large(store, tmp_path)
    parts = list(stored.parts(rows))
    assert pl.concat(part.rows for part in parts).equals(stored.read())
    assert b"".join(part.lines for part in parts) == lines_of(stored.read())
    assert all(part.rows.height == rows for part in parts[:-1])
    assert 0 < parts[-1].rows.height <= rows


def test_a_frame_of_usual_size_is_one_part(store: FrameStore, scan: Scan) -> None:
    """Nobody need treat it otherwise than a frame that is read at once."""
    stored = put(store, scan)
    assert [part.rows.rows() for part in stored.parts()] == [stored.read().rows()]


def test_an_empty_frame_is_one_empty_part(store: FrameStore) -> None:
    """It has the columns of a frame."""
    [part] = store.put_empty(1984, nothing()).parts()
    assert (part.rows.height, dict(part.rows.schema), bytes(part.lines)) == (0, COLUMNS, b"")


@pytest.mark.parametrize("damage", ["cut", "other rows", "fewer rows", "other columns", "other types"])
def test_parts_of_a_damaged_frame_end_with_an_error(store: FrameStore, tmp_path: Path, damage: str) -> None:
    """Who reads all parts before a commit commits nothing that is damaged."""
    stored = large(store, tmp_path)
    frame = stored.read()
    if damage == "cut":
        stored.path.write_bytes(stored.path.read_bytes()[:-20])
    elif damage == "other rows":
        frame.with_columns(births=pl.col("births").reverse()).write_parquet(stored.path)
    elif damage == "fewer rows":
        frame.head(100).write_parquet(stored.path)
    elif damage == "other columns":
        frame.drop("births").write_parquet(stored.path)
    else:
        frame.with_columns(pl.col("births").cast(pl.Int64)).write_parquet(stored.path)
    with pytest.raises(FatalError, match=r"year=1984\.parquet is not the frame that was stored.*Remove it and mater"):
        list(stored.parts(100))


def test_parts_go_on_when_the_frame_is_replaced_meanwhile(store: FrameStore, tmp_path: Path, scan: Scan) -> None:
    """A reader that began with the old frame ends with it."""
    parts = large(store, tmp_path).parts(100)
    first = next(parts)
    put(store, scan)
    assert first.rows.height + sum(part.rows.height for part in parts) == 1000
    assert store.get(1984).read().height == 2


def test_rows_that_were_changed_behind_the_stores_back_are_noticed_before_they_are_used(
    store: FrameStore, scan: Scan
) -> None:
    """As long as the file says what it should say nothing is written again; whoever reads it learns what to do."""
    path = put(store, scan).path
    metadata = {key: value for key, value in pl.read_parquet_metadata(path).items() if key != "ARROW:schema"}
    pl.read_parquet(path).with_columns(births=pl.lit(9, dtype=pl.Int32)).write_parquet(path, metadata=metadata)
    stored = put(store, scan)
    with pytest.raises(FatalError, match="Remove it and materialize validated/baby_names of that year again"):
        stored.read()
    path.unlink()
    assert put(store, scan).read().height == 2


@pytest.mark.parametrize("damage", ["cut", "other rows", "other columns", "no provenance"])
def test_a_damaged_frame_is_an_error_until_it_is_stored_again(store: FrameStore, scan: Scan, damage: str) -> None:
    """Damage is noticed before a row reaches the warehouse, and the next put mends what the file itself shows."""
    path = put(store, scan).path
    metadata = {key: value for key, value in pl.read_parquet_metadata(path).items() if key != "ARROW:schema"}
    frame = pl.read_parquet(path, hive_partitioning=False)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    elif damage == "other rows":
        frame.head(1).write_parquet(path, metadata=metadata)
    elif damage == "other columns":
        frame.drop("births").write_parquet(path, metadata=metadata)
    else:
        frame.write_parquet(path)
    with pytest.raises(FatalError, match=r"year=1984\.parquet is not the frame that was stored there"):
        store.get(1984).read()
    put(store, scan)
    assert store.get(1984).read().height == 2


def test_a_failed_write_leaves_the_frame_and_no_rest(store: FrameStore, scan: Scan) -> None:
    """A store whose place is taken by a folder raises and cleans up behind it."""
    folder = put(store, scan, 1985).path.parent
    (folder / "year=1984.parquet" / "x").mkdir(parents=True)
    with pytest.raises(OSError, match="irectory"):
        put(store, scan, 1984)
    assert sorted(path.name for path in folder.iterdir()) == ["year=1984.parquet", "year=1985.parquet"]


def test_processes_that_store_at_once_leave_one_whole_frame(tmp_path: Path, scan: Scan) -> None:
    """The last one wins, and no reader sees a half."""
    (tmp_path / "scan.pickle").write_bytes(pickle.dumps(scan))
    with ExitStack() as stack:
        processes = [stack.enter_context(storing(tmp_path, first)) for first in (0, 4)]
        said = [process.communicate(timeout=SECONDS)[0] for process in processes]

    assert [heights.split() for heights in said] == [["2"] * 4] * 2
    assert [path.name for path in (tmp_path / "frames").iterdir()] == ["year=1984.parquet"]


@contextmanager
def storing(folder: Path, first: int) -> Iterator[subprocess.Popen[str]]:
    """A process that stores four versions one after the other; it does not outlive the block."""
    command = [sys.executable, "-m", __name__, str(folder), str(first)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def put_and_read(folder: Path, first: int) -> None:
    """Store and read four versions, and say how many rows were read each time."""
    scan = pickle.loads((folder / "scan.pickle").read_bytes())  # noqa: S301 - written by the test
    store = FrameStore(folder / "frames")
    for version in range(first, first + 4):
        put(store, scan, version=str(version))
        sys.stdout.write(f"{store.get(1984).read().height}\n")


if __name__ == "__main__":
    put_and_read(Path(sys.argv[1]), int(sys.argv[2]))
