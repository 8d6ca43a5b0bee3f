"""The candidates of a scan on disk, a shard for each year, so that memory never holds the whole file."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

BLOCKS_IN_MEMORY = 4
ROWS_AT_ONCE = 250_000


class Shards:
    """Collects candidates in the order of the file and gives them back in the order of the years."""

    def __init__(self, folder: Path, *, blocks_in_memory: int = BLOCKS_IN_MEMORY) -> None:
        self._folder = folder
        self._blocks_in_memory = blocks_in_memory
        self._held: list[pl.DataFrame] = []
        self._files: dict[int, list[Path]] = {}
        self._rows: Counter[int] = Counter()

    def add(self, candidates: pl.DataFrame) -> None:
        """Take a block's candidates; write to disk what a few blocks brought together."""
        self._held.append(candidates)
        if len(self._held) == self._blocks_in_memory:
            self._write()

    def batches(self, *, rows_at_once: int = ROWS_AT_ONCE) -> Iterator[list[Path]]:
        """Files of consecutive years that together have about so many rows; a year is never torn apart."""
        self._write()
        files: list[Path] = []
        rows = 0
        for year in sorted(self._files):
            files += self._files[year]
            rows += self._rows[year]
            if rows >= rows_at_once:
                yield files
                files, rows = [], 0
        if files:
            yield files

    def _write(self) -> None:
        if not self._held:
            return
        parts = pl.concat(self._held).partition_by("year", as_dict=True, maintain_order=False)
        self._held.clear()
        for (year,), part in parts.items():
            files = self._files.setdefault(int(year), [])
            file = self._folder / f"{year}-{len(files):06}.arrow"
            part.write_ipc(file)
            files.append(file)
            self._rows[int(year)] += part.height
