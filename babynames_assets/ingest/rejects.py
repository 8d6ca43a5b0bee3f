"""The rejected lines of a scan, piece by piece on disk, with their number in each year."""

from collections import Counter
from pathlib import Path

import polars as pl

from babynames_assets.ingest.rules import REJECTED_COLUMNS

# A row's text has up to 2,000 characters: the default of half a million rows in a group would not fit into memory.
_ROWS_IN_GROUP = 16_384


class Rejects:
    """Collects rejected lines and writes them to one Parquet file in the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pieces: list[Path] = []
        self._by_year: Counter[int | None] = Counter()

    @property
    def unplaced(self) -> int:
        """Lines whose year could not be read or is not allowed."""
        return self._by_year[None]

    @property
    def by_year(self) -> Counter[int]:
        """Number of the other lines in each year."""
        return Counter({year: lines for year, lines in self._by_year.items() if year is not None})

    def add(self, rejected: pl.DataFrame) -> None:
        """Take some more lines, as ``rules.REJECTED_COLUMNS``."""
        if rejected.is_empty():
            return
        self._by_year.update(dict(rejected.group_by("year").len().iter_rows()))
        piece = self._folder / f"rejected-{len(self._pieces):06}.arrow"
        rejected.write_ipc(piece)
        self._pieces.append(piece)

    def write(self, path: Path) -> None:
        """Write all lines to one Parquet file, in the order in which they were taken."""
        lines = pl.scan_ipc(self._pieces) if self._pieces else pl.LazyFrame(schema=REJECTED_COLUMNS)
        lines.sink_parquet(path, row_group_size=_ROWS_IN_GROUP, engine="streaming")
