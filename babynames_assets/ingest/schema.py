"""The schema of a year's frame."""

from typing import Any

import polars as pl

COLUMNS: dict[str, Any] = {"year": pl.Int16, "sex": pl.String, "name": pl.String, "births": pl.Int32}
KEY = ("year", "sex", "name")
SEXES = ("F", "M")
SEX = pl.Enum(SEXES)
"""The sex of a row that is not in a frame yet: a byte instead of a text."""

MOST_BIRTHS = 2**31 - 1
LONGEST_NAME = 100
NAME_PATTERN = r"^\p{L}[\p{L}\p{M} '\x{2019}.\-]*$"
"""A letter of any script, then letters, their marks, blanks, apostrophes (also U+2019), full stops and hyphens."""


YEARS = (1, 9999)
IS_NAME = pl.col("name").str.contains(NAME_PATTERN)


def keys_ascend() -> pl.Expr:
    """Each key is greater than the one before: the frame is sorted, and no key is there twice."""
    year, sex, name = (pl.col(column) for column in KEY)
    same_year, same_sex = year == year.shift(), sex == sex.shift()
    above = (year > year.shift()) | (same_year & (sex > sex.shift())) | (same_year & same_sex & (name > name.shift()))
    return above.fill_null(value=True)


def validated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame, of one year or of several in a row, if it is what a year's frame must be.

    Raises:
        pandera.errors.SchemaErrors: it is not: the rules let something pass, which is a bug of theirs, not bad data.
    """
    if not is_valid(frame):
        from babynames_assets.ingest.frame_schema import FRAME_SCHEMA  # noqa: PLC0415 - takes long, and is rarely needed

        # A LazyFrame would pass unchecked: pandera looks at its types alone.
        FRAME_SCHEMA.validate(frame, lazy=True)
    return frame


def is_valid(frame: pl.DataFrame) -> bool:
    """Whether ``FRAME_SCHEMA`` takes the frame, told in one pass: that costs half as much as asking the schema."""
    if list(frame.schema.items()) != list(COLUMNS.items()):
        return False
    conditions = (
        pl.sum_horizontal(pl.col(column).null_count() for column in COLUMNS) == 0,
        pl.col("year").is_between(*YEARS).all(),
        pl.col("sex").is_in(SEXES).all(),
        IS_NAME.all(),
        pl.col("name").str.len_chars().is_between(1, LONGEST_NAME).all(),
        pl.col("births").is_between(1, MOST_BIRTHS).all(),
        keys_ascend().all(),
    )
    return bool(frame.select(pl.all_horizontal(conditions)).item())
