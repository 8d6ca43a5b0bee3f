"""Tests of a frame at a glance."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.ingest.frame_files import write_frame
from babynames_assets.ingest.frame_summary import TOP_ROWS, summarize
from babynames_assets.ingest.schema import COLUMNS

Rows = list[tuple[int, str, str, int]]


def stored(rows: Rows, folder: Path) -> Path:
    """The rows as a frame's file."""
    file = folder / "year=1984.parquet"
    write_frame(pl.DataFrame(rows, schema=COLUMNS, orient="row").lazy(), file)
    return file


@given(births=st.lists(st.integers(1, 2**31 - 1), max_size=50))
def test_the_summary_is_that_of_all_rows(births: list[int], tmp_path_factory: pytest.TempPathFactory) -> None:
    """The sum is exact, also beyond 32 bits, and nothing that is left out of the top has more births."""
    rows = [(1984, "F", f"Name {number}", count) for number, count in enumerate(births)]

    found = summarize(stored(rows, tmp_path_factory.mktemp("frame")))

    assert found.births == sum(births)
    assert found.top["births"].to_list() == sorted(births, reverse=True)[:TOP_ROWS]


def test_names_with_as_many_births_stand_in_the_order_of_their_keys(tmp_path: Path) -> None:
    """Two looks at one frame show the same."""
    rows = [(1984, "M", "Bo", 5), (1984, "F", "Zoe", 5), (1984, "F", "Ada", 5)]

    found = summarize(stored(rows, tmp_path))

    assert found.top["name"].to_list() == ["Ada", "Zoe", "Bo"]
