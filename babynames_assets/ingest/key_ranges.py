"""A year that is too large to be resolved at once, in ranges of keys: all lines of one key are in one range."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from babynames_assets.ingest.memory import MemoryPlan
from babynames_assets.ingest.shards import Batch, Shards

ROWS_AT_ONCE = 131_072
SAMPLES_OF_A_RANGE = 100

_KEY = pl.col("sex").cast(pl.String) + pl.col("name")


def split_by_key(year: Batch, folder: Path, plan: MemoryPlan) -> Iterator[Batch]:
    """Divide a year's candidates once more, on disk.

    Args:
        year: its candidates.
        folder: takes the files.
        plan: says how large a range should be; only a key that is repeated very often makes it larger.

    Returns:
        The ranges in the order of the keys.
    """
    folder.mkdir()
    borders = _borders(year.pieces, 1 + year.bytes // plan.batch_bytes)
    # The candidates of other years may be held beside these.
    ranges = Shards(folder, replace(plan, held_bytes=plan.held_bytes // 4), by="range")
    for piece in year.pieces:
        for rows in piece.collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True):
            number = borders.search_sorted(rows.select(_KEY).to_series(), side="right")
            ranges.add(rows.with_columns(number.alias("range")))
    return ranges.batches()


def _borders(pieces: Sequence[pl.LazyFrame], ranges: int) -> pl.Series:
    """Keys at which each range but the first begins, from a sample of the rows."""
    rows = sum(piece.select(pl.len()).collect().item() for piece in pieces)
    every = max(1, rows // (ranges * SAMPLES_OF_A_RANGE))
    sample = pl.concat([piece.gather_every(every).select(_KEY).collect() for piece in pieces]).to_series().sort()
    step = max(1, len(sample) // ranges)
    return sample.gather_every(step, offset=step).unique().sort()
