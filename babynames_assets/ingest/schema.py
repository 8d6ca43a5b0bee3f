"""The schema of a year's frame, and the digest of its content."""

import hashlib
from io import BytesIO
from typing import Any

import pandera.polars as pa
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


_YEARS = (1, 9999)
_IS_NAME = pl.col("name").str.contains(NAME_PATTERN)


def _is_name(data: pa.PolarsData) -> pl.LazyFrame:
    # pandera's own str_matches compiles the pattern with Python's re, which knows no \p{L}.
    return data.lazyframe.select(_IS_NAME)


def _ascends(data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(ascends=_keys_ascend())


def _keys_ascend() -> pl.Expr:
    """Each key is greater than the one before: the frame is sorted, and no key is there twice."""
    year, sex, name = (pl.col(column) for column in KEY)
    same_year, same_sex = year == year.shift(), sex == sex.shift()
    above = (year > year.shift()) | (same_year & (sex > sex.shift())) | (same_year & same_sex & (name > name.shift()))
    return above.fill_null(value=True)


FRAME_SCHEMA = pa.DataFrameSchema(
    {
        "year": pa.Column(pl.Int16, pa.Check.in_range(*_YEARS)),
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
    if not is_valid(frame):
        # A LazyFrame would pass unchecked: pandera looks at its types alone.
        FRAME_SCHEMA.validate(frame, lazy=True)
    return frame


def is_valid(frame: pl.DataFrame) -> bool:
    """Whether ``FRAME_SCHEMA`` takes the frame, told in one pass: that costs half as much as asking the schema."""
    if list(frame.schema.items()) != list(COLUMNS.items()):
        return False
    conditions = (
        pl.sum_horizontal(pl.col(column).null_count() for column in COLUMNS) == 0,
        pl.col("year").is_between(*_YEARS).all(),
        pl.col("sex").is_in(SEXES).all(),
        _IS_NAME.all(),
        pl.col("name").str.len_chars().is_between(1, LONGEST_NAME).all(),
        pl.col("births").is_between(1, MOST_BIRTHS).all(),
        _keys_ascend().all(),
    )
    return bool(frame.select(pl.all_horizontal(conditions)).item())


class Content:
    """Row count, sum of births and digest of a frame that comes in parts, in its order."""

    def __init__(self) -> None:
        self.rows = 0
        self.births = 0
        self._sha256 = hashlib.sha256()

    def add(self, part: pl.DataFrame) -> "Content":
        """Take the next rows."""
        self.rows += part.height
        self.births += int(part["births"].cast(pl.Int64).sum())
        lines = BytesIO()
        part.select(list(COLUMNS)).write_csv(lines, include_header=False, quote_style="never")
        self._sha256.update(lines.getbuffer())
        return self

    @property
    def digest(self) -> str:
        """As the function of that name."""
        return self._sha256.hexdigest()


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of the frame's lines ``year,sex,name,births`` in UTF-8, each with its line end, in the frame's order.

    No value holds a comma, so equal digests mean equal frames, on every machine and with every version of Polars.
    """
    return Content().add(frame).digest
