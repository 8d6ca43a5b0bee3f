"""Rejected lines are kept on disk and counted by year."""

from pathlib import Path

import polars as pl

from babynames_assets.ingest.rejects import Rejects
from babynames_assets.ingest.rules import REJECTED_COLUMNS


def lines(*numbers_and_years: tuple[int, int | None]) -> pl.DataFrame:
    """Rejected lines of these numbers and years."""
    rows = [(number, year, f"line {number}", ["bad"]) for number, year in numbers_and_years]
    return pl.DataFrame(rows, schema=REJECTED_COLUMNS, orient="row")


def test_lines_are_counted_by_year_and_those_without_year_apart(tmp_path: Path) -> None:
    """The counts go on from piece to piece."""
    rejects = Rejects(tmp_path)
    rejects.add(lines((2, 1984), (3, None)))
    rejects.add(lines((4, 1984), (5, 1985), (6, None)))
    assert (dict(rejects.by_year), rejects.unplaced) == ({1984: 2, 1985: 1}, 2)


def test_all_pieces_come_back_in_their_order(tmp_path: Path) -> None:
    """One Parquet file holds them all."""
    rejects = Rejects(tmp_path)
    for number in range(12):
        rejects.add(lines((number, 1984)))
    rejects.write(tmp_path / "rejected.parquet")
    assert pl.read_parquet(tmp_path / "rejected.parquet").rows() == lines(*[(n, 1984) for n in range(12)]).rows()


def test_nothing_rejected_is_an_empty_file_with_all_columns(tmp_path: Path) -> None:
    """An empty piece leaves no trace."""
    rejects = Rejects(tmp_path)
    rejects.add(lines())
    rejects.write(tmp_path / "rejected.parquet")
    assert dict(pl.read_parquet_schema(tmp_path / "rejected.parquet")) == REJECTED_COLUMNS
    assert (rejects.unplaced, len(rejects.by_year)) == (0, 0)
    assert [path.name for path in tmp_path.iterdir()] == ["rejected.parquet"]
