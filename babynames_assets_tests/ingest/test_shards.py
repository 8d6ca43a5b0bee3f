"""Candidates go to disk by year and come back in batches of whole years."""

from pathlib import Path

import polars as pl

from babynames_assets.ingest.shards import Shards


def block(*years: int) -> pl.DataFrame:
    """Candidates of these years."""
    return pl.DataFrame(
        {"year": list(years), "line": list(range(len(years)))}, schema={"year": pl.Int16, "line": pl.Int64}
    )


def years_of(files: list[Path]) -> list[int]:
    """The years of all rows in files."""
    return pl.concat([pl.read_ipc(file) for file in files])["year"].to_list()


def test_batches_follow_the_years_and_tear_none_apart(tmp_path: Path) -> None:
    """A batch ends with the year that fills it, however the blocks were mixed."""
    shards = Shards(tmp_path, blocks_in_memory=1)
    for years in ((1990, 1984), (1984, 1985), (1990, 1990, 1985)):
        shards.add(block(*years))
    batches = [sorted(years_of(files)) for files in shards.batches(rows_at_once=3)]
    assert batches == [[1984, 1984, 1985, 1985], [1990, 1990, 1990]]


def test_blocks_are_written_together(tmp_path: Path) -> None:
    """Each year gets one file for several blocks, not one for each block."""
    shards = Shards(tmp_path, blocks_in_memory=2)
    shards.add(block(1984))
    assert list(tmp_path.iterdir()) == []
    shards.add(block(1984))
    assert len(list(tmp_path.iterdir())) == 1


def test_the_last_batch_may_be_full(tmp_path: Path) -> None:
    """No empty batch follows it."""
    shards = Shards(tmp_path, blocks_in_memory=1)
    shards.add(block(1984))
    assert [years_of(files) for files in shards.batches(rows_at_once=1)] == [[1984]]


def test_nothing_in_gives_no_batch(tmp_path: Path) -> None:
    """A file whose lines are all rejected has no shard."""
    assert list(Shards(tmp_path).batches()) == []
