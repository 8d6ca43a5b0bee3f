"""Frames that no scan wrote, as current frames of a store."""

from pathlib import Path

import polars as pl

from babynames_assets.ingest.content import digest
from babynames_assets.ingest.durable_files import digest_of
from babynames_assets.ingest.frame_files import write_frame
from babynames_assets.ingest.frames import FrameStore, StoredFrame
from babynames_assets.ingest.provenance import Provenance, as_metadata


def put_frame(store: FrameStore, year: int, frame: pl.DataFrame, source_sha256: str, place: Path) -> StoredFrame:
    """Make a frame the current one of its year.

    Args:
        store: takes it.
        year: the year.
        frame: all rows valid, sorted by the key.
        source_sha256: the file that it is said to be of.
        place: the Parquet file to write, where a scan's would be.
    """
    rows = frame.height
    provenance = Provenance("names", "1", source_sha256, rows, rows, 0, 0, 0, digest(frame))
    place.parent.mkdir(parents=True, exist_ok=True)
    write_frame(frame.lazy(), place, as_metadata(provenance))
    return store.put(year, place, provenance, file_sha256=digest_of(place))
