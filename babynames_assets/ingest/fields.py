"""Lines into fields, as CSV says, one record a line."""

from typing import NamedTuple

import polars as pl

from babynames_assets.ingest.layouts import Layout
from babynames_assets.ingest.lines import MAX_LINE_BYTES, Block

TOO_LONG = f"the line is longer than {MAX_LINE_BYTES:,} bytes"
BLANK = "the line is blank"
BAD_QUOTES = "the quotes do not follow the rules of CSV: one is never closed, or text stands beside a quoted field"

GRAIN_SEPARATOR = "\x1f"
"""Stands between the fields of a finer grain: a comma may be part of a quoted field."""

_FIELD = r'"(?:[^"]|"")*"|[^",]*'
_WELL_FORMED = rf"^(?:{_FIELD})(?:,(?:{_FIELD}))*$"


class Fields(NamedTuple):
    """A block's lines, cut into fields where they can be.

    Attributes:
        cut: line, text and, as text, the fields ``year``, ``sex``, ``name``, ``births`` and ``grain``, as far as the
            layout has them.
        malformed: line, text and ``reason``.
    """

    cut: pl.DataFrame
    malformed: pl.DataFrame


def cut_into_fields(block: Block, layout: Layout) -> Fields:
    """Cut a block's lines into the fields that the layout names."""
    numbers = pl.int_range(block.first, block.first + len(block), dtype=pl.Int64, eager=True).alias("line")
    lines = pl.DataFrame([numbers, block.lines])
    if not block.has_quotes:
        return _cut_plain(lines, layout)
    has_quotes = pl.col("text").str.contains('"', literal=True)
    plain, quoted = _cut_plain(lines.filter(~has_quotes), layout), _cut_quoted(lines.filter(has_quotes), layout)
    return Fields(pl.concat([plain.cut, quoted.cut]), pl.concat([plain.malformed, quoted.malformed]))


def wrong_number_of_fields(layout: Layout) -> str:
    """The reason for a line that has more or fewer fields than the layout."""
    return f"the number of fields is not {layout.columns}"


def _cut_plain(lines: pl.DataFrame, layout: Layout) -> Fields:
    commas = pl.col("text").str.count_matches(",", literal=True)
    reason = (
        pl.when(pl.col("text").str.len_bytes() > MAX_LINE_BYTES)
        .then(pl.lit(TOO_LONG))
        .when(commas == layout.columns - 1)
        .then(None)
        .when(pl.col("text").str.strip_chars() == "")
        .then(pl.lit(BLANK))
        .otherwise(pl.lit(wrong_number_of_fields(layout)))
    )
    parts = pl.col("text").str.split_exact(",", layout.columns - 1)
    fields = {role: pl.col("parts").struct.field(f"field_{index}") for role, index in _indexes(layout).items()}
    return _divide(lines, reason, parts, fields, layout)


def _cut_quoted(lines: pl.DataFrame, layout: Layout) -> Fields:
    exactly = "^" + ",".join(f"({_FIELD})" for _ in range(layout.columns)) + "$"
    well_formed = pl.col("text").str.contains(_WELL_FORMED)
    parts = pl.col("text").str.extract_groups(exactly)
    reason = (
        pl.when(pl.col("text").str.len_bytes() > MAX_LINE_BYTES)
        .then(pl.lit(TOO_LONG))
        .when(~well_formed)
        .then(pl.lit(BAD_QUOTES))
        .when(~pl.col("text").str.contains(exactly))
        .then(pl.lit(wrong_number_of_fields(layout)))
    )
    fields = {role: _unquoted(pl.col("parts").struct.field(str(index + 1))) for role, index in _indexes(layout).items()}
    return _divide(lines, reason, parts, fields, layout)


def _unquoted(field: pl.Expr) -> pl.Expr:
    inner = field.str.strip_prefix('"').str.strip_suffix('"').str.replace_all('""', '"', literal=True)
    return pl.when(field.str.starts_with('"')).then(inner).otherwise(field)


def _indexes(layout: Layout) -> dict[str, int]:
    """Index of each field to take; those of the finer grain are named grain_0, grain_1 and so on."""
    indexes = {"sex": layout.sex, "name": layout.name, "births": layout.births}
    if layout.year is not None:
        indexes["year"] = layout.year
    return indexes | {f"grain_{number}": index for number, index in enumerate(layout.finer_grain)}


def _divide(lines: pl.DataFrame, reason: pl.Expr, parts: pl.Expr, fields: dict[str, pl.Expr], layout: Layout) -> Fields:
    judged = lines.with_columns(reason=reason)
    sound = judged.filter(pl.col("reason").is_null()).with_columns(parts=parts)
    year = fields.get("year", pl.lit(str(layout.fixed_year)))
    grain = [fields[f"grain_{number}"].str.strip_chars() for number in range(len(layout.finer_grain))]
    cut = sound.select(
        "line",
        "text",
        year=year,
        sex=fields["sex"],
        name=fields["name"],
        births=fields["births"],
        **({"grain": pl.concat_str(grain, separator=GRAIN_SEPARATOR)} if grain else {}),
    )
    return Fields(cut, judged.filter(pl.col("reason").is_not_null()))
