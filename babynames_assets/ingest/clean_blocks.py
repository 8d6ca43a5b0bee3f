"""The fast way through a block in which nothing is unusual; ``rules.judge`` is the way for every other block.

What is read must be what the slow way would read, and that is proven for each block by its size: numbers without sign,
blank or leading zero, the texts as they stand, the commas and line ends together have exactly as many bytes as the
block, so nothing was skipped, cut or read in a second spelling.
"""

from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from babynames_assets.ingest.fields import GRAIN_SEPARATOR
from babynames_assets.ingest.layouts import Layout
from babynames_assets.ingest.lines import DAMAGED, MAX_LINE_BYTES, Block
from babynames_assets.ingest.schema import MOST_BIRTHS, NAME_PATTERN, SEX

LONGEST_REST = MAX_LINE_BYTES - 1024
"""Bytes of a line beside year, sex, name and births, which are much shorter than the difference."""

_ROLES = ("year", "sex", "name", "births")
_TYPES: dict[str, Any] = {"year": pl.Int16, "sex": SEX, "births": pl.Int32}
_MOST_DIGITS = {"year": 4, "births": 10}


def read_clean(block: Block, layout: Layout, *, years: tuple[int, int], max_name_length: int) -> pl.DataFrame | None:
    """Candidates of a block all of whose lines are sound and plainly written, or None.

    Args:
        block: the lines.
        layout: where the values stand.
        years: the first and the last that are allowed.
        max_name_length: in characters.

    Returns:
        As ``rules.Judged`` describes them; ``text`` is missing where it is no more than the values, see ``plain_text``.
    """
    if not _looks_clean(block):
        return None
    try:
        fields = _parsed(block, layout)
        proof = fields.select(_is_proven(block, layout), _is_sound(block, layout, years, max_name_length))
    except PolarsError:  # a number or sex that is none, a line of another number of fields
        return None
    return fields.select(_candidates(block, layout)) if all(proof.row(0)) else None


def plain_text(layout: Layout) -> pl.Expr:
    """The line of a candidate whose ``text`` is null: its values in the order of the layout, if there are no others."""
    return _joined(layout) if _has_only_roles(layout) else pl.col("text")


def _looks_clean(block: Block) -> bool:
    if not block.body or block.end != b"\n" or b"\r" in block.body or block.has_quotes:
        return False
    if block.is_ascii:
        return True
    try:
        return DAMAGED not in block.body.decode()
    except UnicodeDecodeError:
        return False


def _parsed(block: Block, layout: Layout) -> pl.DataFrame:
    columns = _columns(layout)
    return pl.read_csv(
        block.body,
        has_header=False,
        schema={column: _TYPES.get(column, pl.String) for column in columns},
        quote_char=None,
    )


def _columns(layout: Layout) -> list[str]:
    """A name for each field: its role, or its index where it has none."""
    roles = {getattr(layout, role): role for role in _ROLES}
    return [roles.get(index, f"field_{index}") for index in range(layout.columns)]


def _is_proven(block: Block, layout: Layout) -> pl.Expr:
    """No field is empty or missing, and all of them together fill the block."""
    columns = _columns(layout)
    separators = len(columns) * pl.len()
    is_filled = pl.sum_horizontal(separators, *(_bytes(column) for column in columns)) == len(block.body)
    nulls = pl.sum_horizontal(pl.col(column).null_count() for column in columns)
    return ((pl.len() == len(block)) & (nulls == 0) & is_filled).alias("is_proven")


def _bytes(column: str) -> pl.Expr:
    """Bytes of all values of a column; of a number, the digits of its plain spelling, if it is 1 or more."""
    if column == "sex":
        return pl.len()
    if column not in _MOST_DIGITS:
        return pl.col(column).str.len_bytes().cast(pl.Int64).sum()
    powers = (10**power for power in range(1, _MOST_DIGITS[column]))
    return pl.sum_horizontal(pl.len(), *((pl.col(column) >= power).sum() for power in powers))


def _is_sound(block: Block, layout: Layout, years: tuple[int, int], max_name_length: int) -> pl.Expr:
    """All lines are what the rules take, without trimming or another spelling."""
    name = pl.col("name")
    conditions = [
        pl.col("births").is_between(1, MOST_BIRTHS).all(),
        (name.str.contains(NAME_PATTERN) & ~name.str.ends_with(" ")).all(),
        name.str.len_chars().max() <= max_name_length,
        pl.lit(layout.fixed_year).is_between(*years)
        if layout.year is None
        else pl.col("year").is_between(*years).all(),
        *(_is_trimmed(f"field_{index}") for index in layout.finer_grain),
    ]
    if others := [column for column in _columns(layout) if column not in _ROLES]:
        conditions.append(pl.sum_horizontal(pl.col(column).str.len_bytes().max() for column in others) < LONGEST_REST)
    if not block.is_ascii:
        conditions.append((name == name.str.normalize("NFC")).all())
    return pl.all_horizontal(conditions).alias("is_sound")


def _is_trimmed(column: str) -> pl.Expr:
    return (pl.col(column) == pl.col(column).str.strip_chars()).all()


def _candidates(block: Block, layout: Layout) -> list[pl.Expr]:
    text = [] if _has_only_roles(layout) else [_joined(layout).alias("text")]
    year = pl.lit(layout.fixed_year, dtype=pl.Int16).alias("year") if layout.year is None else pl.col("year")
    grain = [pl.col(f"field_{index}") for index in layout.finer_grain]
    return [
        pl.int_range(block.first, block.first + len(block), dtype=pl.Int64).alias("line"),
        *text,
        year,
        pl.col("sex", "name", "births"),
        *([pl.concat_str(grain, separator=GRAIN_SEPARATOR).alias("grain")] if grain else []),
    ]


def _has_only_roles(layout: Layout) -> bool:
    return set(_columns(layout)) <= set(_ROLES)


def _joined(layout: Layout) -> pl.Expr:
    return pl.concat_str(_columns(layout), separator=",")
