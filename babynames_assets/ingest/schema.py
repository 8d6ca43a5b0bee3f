"""The schema of a year's frame, and the digest of its content."""

import hashlib
from io import BytesIO
from typing import Any

import pandera.polars as pa
import polars as pl

COLUMNS: dict[str, Any] = {"year": pl.Int16, "sex": pl.String, "name": pl.String, "births": pl.Int32}
KEY = ("year", "sex", "name")
SEXES = ("F", "M")
MOST_BIRTHS = 2**31 - 1
LONGEST_NAME = 100
NAME_PATTERN = r"^\p{L}[\p{L}\p{M} '\x{2019}.\-]*$"
"""A letter of any script, then letters, their marks, blanks, apostrophes (also U+2019), full stops and hyphens."""


def _is_name(data: pa.PolarsData) -> pl.LazyFrame:
    # pandera's own str_matches compiles the pattern with Python's re, which knows no \p{L}.
    return data.lazyframe.select(pl.col(data.key).str.contains(NAME_PATTERN))


def _ascends(data: pa.PolarsData) -> pl.LazyFrame:
    """Each key is greater than the one before: the frame is sorted, and no key is there twice."""
    year, sex, name = (pl.col(column) for column in KEY)
    same_year, same_sex = year == year.shift(), sex == sex.shift()
    above = (year > year.shift()) | (same_year & (sex > sex.shift())) | (same_year & same_sex & (name > name.shift()))
    return data.lazyframe.select(ascends=above.fill_null(value=True))


FRAME_SCHEMA = pa.DataFrameSchema(
    {
        "year": pa.Column(pl.Int16, pa.Check.in_range(1, 9999)),
        "sex": pa.Column(pl.String, pa.Check.isin(SEXES)),
        "name": pa.Column(pl.String, [pa.Check(_is_name, name="is_name"), pa.Check.str_length(1, LONGEST_NAME)]),
        "births": pa.Column(pl.Int32, pa.Check.in_range(1, MOST_BIRTHS)),
    },
    checks=pa.Check(_ascends, name="keys_ascend"),
    strict=True,
    ordered=True,
)


def validated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame, of one year or of several in a row, if it is what a year's frame must be.

    Raises:
        pandera.errors.SchemaErrors: it is not: the rules let something pass, which is a bug of theirs, not bad data.
    """
    # A LazyFrame would pass unchecked: pandera looks at its types alone.
    FRAME_SCHEMA.validate(frame, lazy=True)
    return frame


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of the frame's lines ``year,sex,name,births`` in UTF-8, each with its line end, in the frame's order.

    No value holds a comma, so equal digests mean equal frames, on every machine and with every version of Polars.
    """
    lines = BytesIO()
    frame.select(list(COLUMNS)).write_csv(lines, include_header=False, quote_style="never")
    return hashlib.sha256(lines.getbuffer()).hexdigest()
