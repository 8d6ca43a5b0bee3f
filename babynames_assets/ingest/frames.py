"""The current validated frame of each year, with its provenance in the same file.

A frame is replaced whole or not at all. A year that a new source no longer has gets an empty frame on purpose
(``put_empty``); a missing file is always an error, never an empty year.
"""

import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from babynames_assets.errors import FatalError
from babynames_assets.ingest.frame_files import open_frame, read_parts, write_frame
from babynames_assets.ingest.schema import COLUMNS, Content, digest

ROWS_IN_PART = 100_000
"""Rows of a frame that are in memory at once; a usual year has fewer."""

_METADATA_KEY = "babynames_provenance"


@dataclass(frozen=True)
class Provenance:
    """Where a year's frame comes from, and what became of the lines that the source had for the year.

    Attributes:
        dataset: the dataset's name, or that of the dropped file.
        version: the dataset's version.
        digest: SHA-256 of the frame's content, as ``schema.digest`` defines it.
    """

    dataset: str
    version: str
    source_sha256: str
    lines: int
    valid: int
    merged: int
    duplicates: int
    rejected: int
    digest: str


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
        frame = _read(self.path)
        if dict(frame.schema) != COLUMNS or digest(frame) != self.provenance.digest:
            raise _damaged(self.path)
        return frame

    def parts(self, rows: int = ROWS_IN_PART) -> Iterator[pl.DataFrame]:
        """Read the frame in the order of its keys, so many rows at a time; an empty frame is one empty part.

        Who writes the parts somewhere commits when there are no more: only then is all of the content proven.

        Raises:
            FatalError: its content is not what was stored; at the latest instead of an end.
        """
        if self.provenance.valid <= rows:
            yield self.read()
            return
        content = Content()
        for part in _parts(self.path, rows):
            content.add(part)
            yield part
        if content.digest != self.provenance.digest:
            raise _damaged(self.path)


class FrameStore:
    """The folder of the current frames, one Parquet file a year.

    Args:
        folder: where they are.
        rows_at_once: a frame that has more is copied without being held in memory.
    """

    def __init__(self, folder: Path, *, rows_at_once: int = ROWS_IN_PART) -> None:
        self._folder = folder
        self._rows_at_once = rows_at_once

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
        return StoredFrame(year, path, _read_provenance(path))

    def put(self, year: int, source: Path, provenance: Provenance) -> StoredFrame:
        """Make a scan's Parquet file the current frame of a year, unless it is that already.

        Raises:
            FatalError: the file's content does not have the provenance's digest.
        """
        if current := self._current(year, provenance):
            return current
        try:
            frame = _proven(StoredFrame(year, source, provenance), self._rows_at_once)
        except FatalError as error:
            raise FatalError(
                f"{source} does not hold the frame of {year} that the scan counted (digest {provenance.digest}). "
                f"Remove the folder {source.parent} and materialize validated/baby_names again; nothing was changed."
            ) from error
        return self._write(year, frame, provenance)

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

    def _current(self, year: int, provenance: Provenance) -> StoredFrame | None:
        """The stored frame if it is the wanted one, by what its file says of itself; its rows are proven when read."""
        try:
            stored = self.get(year)
            is_current = stored.provenance == provenance and _has_rows(stored)
        except FatalError:
            return None
        return stored if is_current else None

    def _write(self, year: int, frame: pl.LazyFrame, provenance: Provenance) -> StoredFrame:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(year)
        partial = self._folder / f".{path.name}.{uuid.uuid4().hex}.partial"
        try:
            write_frame(frame, partial, {_METADATA_KEY: json.dumps(asdict(provenance))})
            _sync(partial)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
        return StoredFrame(year, path, provenance)

    def _path(self, year: int) -> Path:
        return self._folder / f"year={year}.parquet"


def _read_provenance(path: Path) -> Provenance:
    try:
        return Provenance(**json.loads(pl.read_parquet_metadata(path)[_METADATA_KEY]))
    except (PolarsError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error


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


def _proven(source: StoredFrame, rows_at_once: int) -> pl.LazyFrame:
    """The frame of a scan, after its content was compared with the digest; a large one is not kept in memory."""
    if source.provenance.valid <= rows_at_once:
        return source.read().lazy()
    for _ in source.parts(rows_at_once):
        pass
    return open_frame(source.path)


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
