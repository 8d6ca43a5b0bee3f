"""Candidates are kept by shard, in memory or on disk, and come back in batches of whole shards."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from babynames_assets.ingest.memory import bytes_of, plan_for
from babynames_assets.ingest.shards import Batch, Shards


def block(*years: int, first: int = 0) -> pl.DataFrame:
    """Candidates of these years."""
    return pl.DataFrame(
        {"year": list(years), "line": list(range(first, first + len(years)))},
        schema={"year": pl.Int16, "line": pl.Int64},
    )


ROW = bytes_of(block(1984))


def shards_in(folder: Path, *, rows_held: int = 0, rows_at_once: int = 1000) -> Shards:
    """Shards that hold so many rows in memory, and give back so many at once."""
    return Shards(folder, replace(plan_for(64), held_bytes=rows_held * ROW, batch_bytes=rows_at_once * ROW))


def rows_of(batch: Batch) -> list[tuple[int, int]]:
    """The years and lines of a batch."""
    return [row for piece in batch.pieces for row in piece.collect().rows()]


def test_batches_follow_the_years_and_tear_none_apart(tmp_path: Path) -> None:
    """However the blocks were mixed, a year is in one batch, which no other year makes too large."""
    shards = shards_in(tmp_path, rows_at_once=4)
    for years in ((1990, 1984), (1984, 1985), (1990, 1990, 1985)):
        shards.add(block(*years))
    batches = [[year for year, _ in rows_of(batch)] for batch in shards.batches()]
    assert batches == [[1984, 1984, 1985, 1985], [1990, 1990, 1990]]


def test_a_year_that_is_too_large_is_a_batch_of_its_own(tmp_path: Path) -> None:
    """Its neighbours are not resolved with it."""
    shards = shards_in(tmp_path, rows_at_once=3)
    shards.add(block(1983, 1984, 1984, 1984, 1984, 1985))
    batches = list(shards.batches())
    assert [list(batch.shards) for batch in batches] == [[1983], [1984], [1985]]
    assert [batch.bytes for batch in batches] == [ROW, 4 * ROW, ROW]


def test_a_year_keeps_the_order_of_the_file(tmp_path: Path) -> None:
    """On disk and in memory, sorted by year or not."""
    shards = shards_in(tmp_path, rows_held=3)
    for first, years in ((0, (1984, 1985)), (2, (1985, 1984)), (4, (1984, 1984)), (6, (1984,))):
        shards.add(block(*years, first=first))
    [batch] = shards.batches()
    assert rows_of(batch) == [(1984, line) for line in (0, 3, 4, 5, 6)] + [(1985, 1), (1985, 2)]


def test_what_memory_may_hold_is_not_written(tmp_path: Path) -> None:
    """One row more, and each year gets a file for all blocks so far."""
    shards = shards_in(tmp_path, rows_held=2)
    shards.add(block(1984))
    shards.add(block(1984))
    assert list(tmp_path.iterdir()) == []
    shards.add(block(1985))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1984-000000.arrow", "1985-000000.arrow"]


def test_a_batch_comes_in_parts_only_where_it_is_too_large(tmp_path: Path) -> None:
    """Its pieces are then the parts."""
    shards = shards_in(tmp_path)
    for line in range(3):
        shards.add(block(1984, first=line))
    [batch] = shards.batches()
    assert [part.collect().height for part in batch.parts(3 * ROW)] == [3]
    assert [part.collect().height for part in batch.parts(2 * ROW)] == [1, 1, 1]


def test_pieces_may_lack_the_text(tmp_path: Path) -> None:
    """Blocks whose text the values tell stand beside others."""
    shards = shards_in(tmp_path, rows_held=1)
    shards.add(block(1984))
    shards.add(block(1984).with_columns(text=pl.lit("x")))
    shards.add(block(1984))
    [batch] = shards.batches()
    [part] = batch.parts(batch.bytes)
    assert part.collect()["text"].to_list() == [None, "x", None]


def test_nothing_in_gives_no_batch(tmp_path: Path) -> None:
    """A file whose lines are all rejected has no shard."""
    shards = shards_in(tmp_path)
    assert list(shards.batches()) == []
    shards.add(block())
    assert list(shards.batches()) == []
