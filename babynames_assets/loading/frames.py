"""A year of a scanned file as the current validated frame."""

import polars as pl

from babynames_assets.ingest.frames import FrameStore, Provenance, StoredFrame
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.ingest.scan import Scan
from babynames_assets.ingest.schema import COLUMNS, digest


def publish_year(frames: FrameStore, raw: RawFile, scan: Scan, year: int) -> StoredFrame:
    """Make the scan's frame of a year the current one; a year that the file does not have gets an empty frame.

    Args:
        frames: where the current frames are.
        raw: the file.
        scan: what reading it found.
        year: the partition.
    """
    counts = scan.years.get(year)
    provenance = Provenance(
        dataset=raw.dataset,
        version=raw.version,
        source_sha256=raw.sha256,
        lines=counts.lines if counts else 0,
        valid=counts.valid if counts else 0,
        merged=counts.merged if counts else 0,
        duplicates=counts.duplicates if counts else 0,
        rejected=counts.rejected if counts else 0,
        digest=counts.digest if counts else digest(pl.DataFrame(schema=COLUMNS)),
    )
    if counts is None:
        return frames.put_empty(year, provenance)
    return frames.put(year, scan.frame_path(year), provenance)
