"""A frame as a Parquet file, in row groups of bounded size, so that a large one is written and read in parts."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from babynames_assets.ingest.schema import COLUMNS

ROWS_IN_GROUP = 131_072


def write_frame(frame: pl.LazyFrame, target: Path, metadata: dict[str, str] | None = None) -> None:
    """Write a frame, which need not fit into memory, in its order."""
    # Nobody looks for rows by their values here, so statistics would be work for nothing.
    frame.sink_parquet(
        target,
        compression="lz4",
        statistics=False,
        row_group_size=ROWS_IN_GROUP,
        maintain_order=True,
        metadata=metadata,
        engine="streaming",
    )


def open_frame(path: Path) -> pl.LazyFrame:
    """The frame of a file; the year in the name of the file is not taken for a column."""
    return pl.scan_parquet(path, hive_partitioning=False).select(list(COLUMNS))


def read_parts(path: Path, rows: int) -> Iterator[pl.DataFrame]:
    """The frame of a file in its order, so many rows at a time; also if the file is replaced meanwhile."""
    yield from open_frame(path).collect_batches(chunk_size=rows, maintain_order=True)
