"""What a person wants to know of a year's frame at a glance: all births together, and the most frequent names.

Read in a few milliseconds and not proven against the digest: for looking at, not for loading.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from babynames_assets.ingest.frame_files import open_frame

TOP_ROWS = 5


@dataclass(frozen=True)
class FrameSummary:
    """A frame at a glance.

    Attributes:
        births: their sum.
        top: the rows with the most births, most first.
    """

    births: int
    top: pl.DataFrame


def summarize(path: Path) -> FrameSummary:
    """Read a frame's summary from its file."""
    frame = open_frame(path)
    births, top = pl.collect_all(
        [
            frame.select(pl.col("births").cast(pl.Int64).sum()),
            frame.sort("births", "sex", "name", descending=[True, False, False]).head(TOP_ROWS),
        ]
    )
    return FrameSummary(births.item(), top)
