"""The candidates of a scan, a shard for each year; what memory may not hold is on disk."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polars as pl

from babynames_assets.ingest.memory import MemoryPlan, bytes_of


class Batch(NamedTuple):
    """Shards that are resolved together.

    Attributes:
        shards: by their number, their pieces in the order of the file.
        bytes: size of all of them.
    """

    shards: dict[int, list[pl.LazyFrame]]
    bytes: int

    @property
    def pieces(self) -> list[pl.LazyFrame]:
        """The pieces of all shards."""
        return [piece for pieces in self.shards.values() for piece in pieces]

    def parts(self, most_bytes: int) -> list[pl.LazyFrame]:
        """The batch in one part if it is no larger than that, else piece by piece."""
        return [pl.concat(self.pieces, how="diagonal")] if self.bytes <= most_bytes else self.pieces


class Shards:
    """Collects candidates in the order of the file and gives them back in the order of the shards.

    Args:
        folder: takes the files.
        plan: says how much is held and how much is given back at once.
        by: the column of whole numbers that tells the shard.
    """

    def __init__(self, folder: Path, plan: MemoryPlan, *, by: str = "year") -> None:
        self._folder = folder
        self._plan = plan
        self._by = by
        self._held: defaultdict[int, list[pl.DataFrame]] = defaultdict(list)
        self._held_bytes = 0
        self._written: defaultdict[int, list[pl.LazyFrame]] = defaultdict(list)
        self._bytes: Counter[int] = Counter()

    def add(self, candidates: pl.DataFrame) -> None:
        """Take a block's candidates; write to disk what is more than memory may hold."""
        size = bytes_of(candidates)
        if candidates[self._by].is_sorted():
            # Polars then cuts the frame instead of gathering each shard's rows.
            candidates = candidates.with_columns(pl.col(self._by).set_sorted())
        for (shard,), part in candidates.partition_by(self._by, as_dict=True).items():
            self._held[int(shard)].append(part)
            self._bytes[int(shard)] += size * part.height // candidates.height
        self._held_bytes += size
        if self._held_bytes > self._plan.held_bytes:
            self._write()

    def batches(self) -> Iterator[Batch]:
        """Consecutive shards in batches; only a batch of a single shard may exceed what is resolved at once."""
        shards: dict[int, list[pl.LazyFrame]] = {}
        size = 0
        for number in sorted(self._bytes):
            if shards and size + self._bytes[number] > self._plan.batch_bytes:
                yield Batch(shards, size)
                shards, size = {}, 0
            shards[number] = [*self._written.pop(number, []), *self._taken(number)]
            size += self._bytes[number]
        if shards:
            yield Batch(shards, size)

    def _write(self) -> None:
        for number in list(self._held):
            file = self._folder / f"{number}-{len(self._written[number]):06}.arrow"
            [piece] = self._taken(number)
            piece.collect().write_ipc(file)
            self._written[number].append(pl.scan_ipc(file))
        self._held_bytes = 0

    def _taken(self, number: int) -> list[pl.LazyFrame]:
        """What is held of a shard, as one piece."""
        held = self._held.pop(number, [])
        return [pl.concat(held, how="diagonal").lazy()] if held else []
