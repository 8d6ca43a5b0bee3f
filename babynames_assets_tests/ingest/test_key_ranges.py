"""A year that is too large is divided into ranges of keys."""

import random
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest

from babynames_assets.ingest.key_ranges import split_by_key
from babynames_assets.ingest.memory import bytes_of, plan_for
from babynames_assets.ingest.schema import SEX
from babynames_assets.ingest.shards import Shards

Row = tuple[str, str, int]
"""Sex, name, line."""


def year_of(folder: Path, rows: list[Row], *, rows_in_range: int) -> list[list[Row]]:
    """The ranges of a year that has these rows, a few in memory and the others on disk."""
    frame = pl.DataFrame(rows, schema={"sex": SEX, "name": pl.String, "line": pl.Int64}, orient="row")
    frame = frame.with_columns(year=pl.lit(1984, dtype=pl.Int16))
    row = bytes_of(frame) // frame.height
    plan = replace(plan_for(64), held_bytes=row * 40, batch_bytes=row * rows_in_range)
    shards = Shards(folder, plan)
    for part in frame.iter_slices(9):
        shards.add(part)
    [year] = shards.batches()
    ranges = [
        pl.concat([piece.collect() for piece in keys.pieces]) for keys in split_by_key(year, folder / "1984", plan)
    ]
    return [keys.select("sex", "name", "line").rows() for keys in ranges]


def shuffled(rows: int, names: int) -> list[Row]:
    """Rows in no order, with line numbers that ascend."""
    rng = random.Random(1)  # noqa: S311 - rows of a test are no secret
    return [(rng.choice("FM"), f"Name{rng.randrange(names)}", line) for line in range(rows)]


@pytest.mark.parametrize("names", [10, 100, 100_000])
def test_ranges_ascend_and_hold_each_row_once(tmp_path: Path, names: int) -> None:
    """No key is in two ranges, and its lines keep their order."""
    rows = shuffled(2000, names)
    ranges = year_of(tmp_path, rows, rows_in_range=200)
    keys = [[row[:2] for row in part] for part in ranges]
    assert all(max(before) < min(after) for before, after in pairwise(keys))
    assert sorted(row for part in ranges for row in part) == sorted(rows)
    assert all(
        [row[2] for row in part if row[:2] == key] == sorted(row[2] for row in part if row[:2] == key)
        for part, found in zip(ranges, keys, strict=True)
        for key in set(found)
    )


def test_ranges_are_about_as_large_as_wanted(tmp_path: Path) -> None:
    """No range is much larger than the others where no key is."""
    ranges = year_of(tmp_path, shuffled(5000, 100_000), rows_in_range=500)
    assert len(ranges) >= 10
    assert max(len(part) for part in ranges) < 2 * 500


def test_a_key_that_fills_the_year_makes_one_range(tmp_path: Path) -> None:
    """There is nothing to divide, and nothing is lost."""
    rows = [("F", "Mary", line) for line in range(300)]
    ranges = year_of(tmp_path, rows, rows_in_range=50)
    assert ranges == [rows]
