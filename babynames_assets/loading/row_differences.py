"""Where two frames of one year differ, row by row."""

from dataclasses import dataclass

import polars as pl

from babynames_assets.ingest.schema import KEY

EXAMPLES = 5
"""Of each kind of difference."""


@dataclass(frozen=True)
class RowExample:
    """One row that differs; births are None on the side that does not have it."""

    year: int
    sex: str
    name: str
    expected: int | None
    found: int | None


@dataclass(frozen=True)
class RowDifferences:
    """Rows that are not there, are there without reason, or have other births."""

    missing: int
    unexpected: int
    changed: int
    examples: tuple[RowExample, ...]


def compare_rows(expected: pl.DataFrame, found: pl.DataFrame) -> RowDifferences:
    """Count the differences of two frames with the columns year, sex, name, births, and show some of each kind."""
    both = expected.join(found, on=KEY, how="full", suffix="_found", coalesce=True).sort(KEY)
    kinds = [
        both.filter(pl.col("births_found").is_null()),
        both.filter(pl.col("births").is_null()),
        both.filter(pl.col("births") != pl.col("births_found")),
    ]
    examples = [RowExample(*row) for kind in kinds for row in kind.head(EXAMPLES).iter_rows()]
    missing, unexpected, changed = (kind.height for kind in kinds)
    return RowDifferences(missing, unexpected, changed, tuple(examples))
