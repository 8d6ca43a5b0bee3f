"""The current validated frame of each year, with its provenance in the same file.

A frame is replaced whole or not at all. A year that a new source no longer has gets an empty frame on purpose
(``put_empty``); a missing file is always an error, never an empty year.
"""

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import polars as pl
from polars.exceptions import PolarsError

from babynames_assets.errors import FatalError
from babynames_assets.ingest.content import Content
from babynames_assets.ingest.durable_files import digest_of
from babynames_assets.ingest.frame_files import open_frame, read_parts, write_frame
from babynames_assets.ingest.provenance import Provenance, as_metadata, read_provenance
from babynames_assets.ingest.schema import COLUMNS

ROWS_IN_PART = 100_000
"""Rows of a frame that are in memory at once; a usual year has fewer."""


class FramePart(NamedTuple):
    """Some rows of a frame, and the same rows as the lines of which the digest is made."""

    rows: pl.DataFrame
    lines: memoryview


@dataclass(frozen=True)
class StoredFrame:
    """A year's frame on disk."""

    year: int
    path: Path
    provenance: Provenance

    def read(self) -> pl.DataFrame:
        """Read the frame.

        Raises:
            FatalError: its content is not what was stored.
        """
        return self._whole().rows

    def parts(self, rows: int = ROWS_IN_PART) -> Iterator[FramePart]:
        """Read the frame in the order of its keys, so many rows at a time; an empty frame is one empty part.

        Who writes the parts somewhere commits when there are no more: only then is all of the content proven.

        Raises:
            FatalError: its content is not what was stored; at the latest instead of an end.
        """
        if self.provenance.valid <= rows:
            yield self._whole()
            return
        content = Content()
        for part in _parts(self.path, rows):
            yield FramePart(part, content.add(part))
        if content.digest != self.provenance.digest:
            raise _damaged(self.path)

    def _whole(self) -> FramePart:
        rows = _read(self.path)
        content = Content()
        if dict(rows.schema) == COLUMNS:
            lines = content.add(rows)
            if content.digest == self.provenance.digest:
                return FramePart(rows, lines)
        raise _damaged(self.path)


class FrameStore:
    """The folder of the current frames, one Parquet file a year.

    Args:
        folder: where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def years(self) -> list[int]:
        """The years that have a frame, be it an empty one."""
        return sorted(int(path.stem.removeprefix("year=")) for path in self._folder.glob("year=*.parquet"))

    def get(self, year: int) -> StoredFrame:
        """Return the current frame of a year.

        Raises:
            FatalError: there is none yet, or its file is damaged.
        """
        path = self._path(year)
        if not path.exists():
            raise FatalError(
                f"There is no validated frame of {year} in {self._folder}. "
                f"Materialize validated/baby_names of {year} first."
            )
        provenance = read_provenance(path)
        if provenance is None:
            raise _damaged(path)
        return StoredFrame(year, path, provenance)

    def put(self, year: int, source: Path, provenance: Provenance, *, file_sha256: str) -> StoredFrame:
        """Make a scan's Parquet file the current frame of a year, unless it is that already.

        The file is copied as it is where its own provenance is the wanted one.

        Args:
            year: the partition.
            source: the file.
            provenance: where it comes from.
            file_sha256: digest of the file's bytes.

        Raises:
            FatalError: the file is not the one that the scan wrote, or does not hold what the provenance says.
        """
        if current := self._current(year, provenance, source):
            return current
        told = _provenance_of(source, file_sha256)
        if told is None or told.digest != provenance.digest:
            raise FatalError(
                f"{source} does not hold the frame of {year} that the scan counted (digest {provenance.digest}). "
                f"Remove the folder {source.parent} and materialize validated/baby_names again; nothing was changed."
            )
        if told == provenance:
            return self._copy(year, source, provenance)
        return self._write(year, open_frame(source), provenance)

    def put_empty(self, year: int, provenance: Provenance) -> StoredFrame:
        """Record that the source has no row of the year: its rows are to be deleted.

        Raises:
            FatalError: the provenance speaks of rows.
        """
        frame = pl.LazyFrame(schema=COLUMNS)
        if provenance.valid or provenance.digest != Content().digest:
            raise FatalError(
                f"An empty frame of {year} was to be stored, but its provenance counts {provenance.valid} rows "
                f"and has the digest {provenance.digest}. This is a bug in the caller; nothing was changed."
            )
        return self._current(year, provenance) or self._write(year, frame, provenance)

    def _current(self, year: int, provenance: Provenance, source: Path | None = None) -> StoredFrame | None:
        """The stored frame if it is the wanted one, by what its file says of itself; its rows are proven when read."""
        try:
            stored = self.get(year)
            is_current = stored.provenance == provenance and (_is_as_long(stored.path, source) or _has_rows(stored))
        except FatalError:
            return None
        return stored if is_current else None

    def _copy(self, year: int, source: Path, provenance: Provenance) -> StoredFrame:
        with self._replacing(year) as partial:
            shutil.copyfile(source, partial)
        return StoredFrame(year, self._path(year), provenance)

    def _write(self, year: int, frame: pl.LazyFrame, provenance: Provenance) -> StoredFrame:
        with self._replacing(year) as partial:
            write_frame(frame, partial, as_metadata(provenance))
        return StoredFrame(year, self._path(year), provenance)

    @contextmanager
    def _replacing(self, year: int) -> Iterator[Path]:
        """Give a path for a file that becomes the year's when the block ends without an error."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(year)
        partial = self._folder / f".{path.name}.{uuid.uuid4().hex}.partial"
        try:
            yield partial
            _sync(partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)

    def _path(self, year: int) -> Path:
        return self._folder / f"year={year}.parquet"


def _provenance_of(source: Path, file_sha256: str) -> Provenance | None:
    """What a file of a scan says of itself; None if its bytes are not those that the scan wrote."""
    try:
        return read_provenance(source) if digest_of(source) == file_sha256 else None
    except OSError:
        return None


def _is_as_long(path: Path, source: Path | None) -> bool:
    return source is not None and source.exists() and path.stat().st_size == source.stat().st_size


def _has_rows(stored: StoredFrame) -> bool:
    """Whether the file has the columns and the number of rows that it should have."""
    try:
        frame = open_frame(stored.path)
        return bool(
            dict(frame.collect_schema()) == COLUMNS
            and frame.select(pl.len()).collect().item() == stored.provenance.valid
        )
    except (PolarsError, OSError) as error:
        raise _damaged(stored.path) from error


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, columns=list(COLUMNS), hive_partitioning=False)
    except (PolarsError, OSError) as error:
        raise _damaged(path) from error


def _parts(path: Path, rows: int) -> Iterator[pl.DataFrame]:
    try:
        for part in read_parts(path, rows):
            if dict(part.schema) != COLUMNS:
                raise _damaged(path)
            yield part
    except (PolarsError, OSError) as error:
        raise _damaged(path) from error


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _damaged(path: Path) -> FatalError:
    return FatalError(
        f"{path} is not the frame that was stored there: it is damaged or was changed from outside. "
        "Remove it and materialize validated/baby_names of that year again."
    )
