"""The current validated frame of each year, with its provenance in the same file.

A frame is replaced whole or not at all. A year that a new source no longer has gets an empty frame on purpose
(``put_empty``); a missing file is always an error, never an empty year.
"""

import json
import os
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from babynames_assets.errors import FatalError
from babynames_assets.ingest.schema import COLUMNS, digest

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
        _refuse_other_content(frame, self.provenance.digest, self.path)
        return frame


class FrameStore:
    """The folder of the current frames, one Parquet file a year."""

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
        return StoredFrame(year, path, _read_provenance(path))

    def put(self, year: int, source: Path, provenance: Provenance) -> StoredFrame:
        """Make a scan's Parquet file the current frame of a year, unless it is that already.

        Raises:
            FatalError: the file's content does not have the provenance's digest.
        """
        if current := self._current(year, provenance):
            return current
        try:
            frame = _read(source)
            _refuse_other_content(frame, provenance.digest, source)
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
        frame = pl.DataFrame(schema=COLUMNS)
        if provenance.valid or provenance.digest != digest(frame):
            raise FatalError(
                f"An empty frame of {year} was to be stored, but its provenance counts {provenance.valid} rows "
                f"and has the digest {provenance.digest}. This is a bug in the caller; nothing was changed."
            )
        return self._current(year, provenance) or self._write(year, frame, provenance)

    def _current(self, year: int, provenance: Provenance) -> StoredFrame | None:
        """The stored frame if it is the wanted one; a damaged one is not, and will be replaced."""
        try:
            stored = self.get(year)
            stored.read()
        except FatalError:
            return None
        return stored if stored.provenance == provenance else None

    def _write(self, year: int, frame: pl.DataFrame, provenance: Provenance) -> StoredFrame:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(year)
        partial = self._folder / f".{path.name}.{uuid.uuid4().hex}.partial"
        try:
            with partial.open("wb") as file:
                frame.write_parquet(file, metadata={_METADATA_KEY: json.dumps(asdict(provenance))})
                file.flush()
                os.fsync(file.fileno())
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


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, columns=list(COLUMNS), hive_partitioning=False)
    except (PolarsError, OSError) as error:
        raise _damaged(path) from error


def _refuse_other_content(frame: pl.DataFrame, expected: str, path: Path) -> None:
    if dict(frame.schema) != COLUMNS or digest(frame) != expected:
        raise _damaged(path)


def _damaged(path: Path) -> FatalError:
    return FatalError(
        f"{path} is not the frame that was stored there: it is damaged or was changed from outside. "
        "Remove it and materialize validated/baby_names of that year again."
    )
