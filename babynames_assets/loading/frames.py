"""The years of a scanned file as the current validated frames."""

from collections.abc import Callable, Iterable

from babynames_assets.ingest.content import Content
from babynames_assets.ingest.frames import FrameStore, StoredFrame
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.ingest.scan import Scan
from babynames_assets.ingest.side_by_side import in_order
from babynames_assets.ingest.year_frames import YearCounts

_NO_LINE = YearCounts(
    lines=0, valid=0, merged=0, duplicates=0, rejected=0, births=0, digest=Content().digest, file_sha256=""
)
_WRITERS = 4
"""More than there are cores: a writer spends a part of its time waiting for the disk."""


def publish_years(
    frames: FrameStore,
    raw: RawFile,
    scan: Scan,
    years: Iterable[int],
    *,
    on_published: Callable[[StoredFrame], None] | None = None,
) -> list[StoredFrame]:
    """Make the scan's frames of some years the current ones, several at a time.

    A year that the file does not have gets an empty frame. A frame that is current already is not written again.

    Args:
        frames: where the current frames are.
        raw: the file.
        scan: what reading it found.
        years: the partitions.
        on_published: is called for each year, in the order of the years and in the caller's thread.

    Returns:
        The frames, in the order of the years.

    Raises:
        FatalError: the scan's folder does not hold what the scan counted; the years before are published.
    """
    published = []
    for stored in in_order(lambda year: publish_year(frames, raw, scan, year), years, workers=_WRITERS):
        published.append(stored)
        if on_published:
            on_published(stored)
    return published


def publish_year(frames: FrameStore, raw: RawFile, scan: Scan, year: int) -> StoredFrame:
    """Make the scan's frame of one year the current one, as ``publish_years`` does."""
    counts = scan.years.get(year, _NO_LINE)
    provenance = counts.provenance(raw.as_frame_source())
    if year not in scan.years:
        return frames.put_empty(year, provenance)
    return frames.put(year, scan.frame_path(year), provenance, file_sha256=counts.file_sha256)
