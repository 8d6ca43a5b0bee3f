"""The rules that a line's values must keep, and the reasons why a line is rejected."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from babynames_assets.ingest.clean_blocks import read_clean
from babynames_assets.ingest.fields import cut_into_fields
from babynames_assets.ingest.layouts import Layout
from babynames_assets.ingest.lines import DAMAGED, Block
from babynames_assets.ingest.schema import MOST_BIRTHS, NAME_PATTERN, SEX

LONGEST_TEXT = 2000
"""Characters of a rejected line that are kept."""

REJECTED_COLUMNS: dict[str, Any] = {
    "line": pl.Int64,
    "year": pl.Int16,
    "text": pl.String,
    "reasons": pl.List(pl.String),
}

_BLANKS = " \t\u00a0"
_SEX_BY_WORD = {"f": "F", "female": "F", "girl": "F", "m": "M", "male": "M", "boy": "M"}
_WHOLE = r"^[0-9]+$"


@dataclass(frozen=True)
class Rules:
    """Limits that the settings decide."""

    first_year: int
    last_year: int
    max_name_length: int


class Judged(NamedTuple):
    """A block's lines, told apart.

    Attributes:
        candidates: line, text, year, sex, name, births and, if the layout is finer, grain. Each is sound by itself.
            ``text`` may be missing where ``clean_blocks.plain_text`` tells it.
        rejected: as ``REJECTED_COLUMNS``, in the order of the lines.
    """

    candidates: pl.DataFrame
    rejected: pl.DataFrame


def judge(block: Block, layout: Layout, rules: Rules) -> Judged:
    """Tell the sound lines of a block from those to reject, each with all its reasons."""
    years = (rules.first_year, rules.last_year)
    clean = read_clean(block, layout, years=years, max_name_length=rules.max_name_length)
    return judge_each(block, layout, rules) if clean is None else Judged(clean, pl.DataFrame(schema=REJECTED_COLUMNS))


def judge_each(block: Block, layout: Layout, rules: Rules) -> Judged:
    """Judge line by line, whatever the block holds."""
    fields = cut_into_fields(block, layout)
    typed = fields.cut.with_columns(
        year_text=pl.col("year").str.strip_chars(_BLANKS),
        sex_text=pl.col("sex").str.strip_chars(_BLANKS),
        births_text=pl.col("births").str.strip_chars(_BLANKS),
        name=_composed(pl.col("name").str.strip_chars(_BLANKS), is_ascii=block.is_ascii),
    ).with_columns(
        year=_whole("year_text", rules.first_year, rules.last_year).cast(pl.Int16),
        sex=pl.col("sex_text").str.to_lowercase().replace_strict(_SEX_BY_WORD, default=None, return_dtype=SEX),
        births=_whole("births_text", 1, MOST_BIRTHS).cast(pl.Int32),
    )
    typed = typed.with_columns(sound=_is_sound(rules, is_ascii=block.is_ascii))
    columns = [name for name in ("line", "text", "year", "sex", "name", "births", "grain") if name in typed.columns]
    faulty = typed.filter(~pl.col("sound")).select("line", "year", "text", reasons=_reasons(rules))
    malformed = fields.malformed.select(
        "line", pl.lit(None, dtype=pl.Int16).alias("year"), "text", reasons=pl.concat_list("reason")
    )
    return Judged(typed.filter("sound").select(columns), shortened(pl.concat([faulty, malformed])))


def shortened(rejected: pl.DataFrame) -> pl.DataFrame:
    """Rejected lines in order, none of them longer than what is kept."""
    return rejected.sort("line").with_columns(pl.col("text").str.head(LONGEST_TEXT))


def _composed(name: pl.Expr, *, is_ascii: bool) -> pl.Expr:
    """One spelling for a letter and its accent, however the file spells them; ASCII has only one."""
    return name if is_ascii else name.str.normalize("NFC")


def _whole(column: str, least: int, most: int) -> pl.Expr:
    # The cast alone would take '+5'; the pattern alone would take more digits than a number can have.
    number = pl.col(column).cast(pl.Int64, strict=False)
    return pl.when(number.is_between(least, most) & pl.col(column).str.contains(_WHOLE)).then(number)


def _is_sound(rules: Rules, *, is_ascii: bool) -> pl.Expr:
    sound = (
        pl.all_horizontal(pl.col("year", "sex", "births").is_not_null())
        & pl.col("name").str.contains(NAME_PATTERN)
        & (pl.col("name").str.len_chars() <= rules.max_name_length)
    )
    return sound if is_ascii else sound & ~pl.col("text").str.contains(DAMAGED, literal=True)


def _reasons(rules: Rules) -> pl.Expr:
    return pl.concat_list(
        _why(pl.col("text").str.contains(DAMAGED, literal=True), "the line holds bytes that are not UTF-8"),
        _year_reason(rules),
        _sex_reason(),
        _name_reason(rules),
        _births_reason(),
    ).list.drop_nulls()


def _why(condition: pl.Expr, reason: str) -> pl.Expr:
    return pl.when(condition).then(pl.lit(reason))


def _year_reason(rules: Rules) -> pl.Expr:
    year = pl.col("year_text")
    return (
        pl.when(pl.col("year").is_not_null())
        .then(None)
        .when(year == "")
        .then(pl.lit("the year is empty"))
        .when(year.str.contains(_WHOLE))
        .then(pl.lit(f"the year is not within {rules.first_year} to {rules.last_year}"))
        .otherwise(pl.lit("the year is not a whole number in plain digits"))
    )


def _sex_reason() -> pl.Expr:
    sex = pl.col("sex_text")
    return (
        pl.when(pl.col("sex").is_not_null())
        .then(None)
        .when(sex == "")
        .then(pl.lit("the sex is empty"))
        .when(sex.is_in(["0", "1", "2"]))
        .then(pl.lit("the sex is a digit, which does not say whether it means F or M"))
        .otherwise(pl.lit("the sex is none of F, M, female, male, girl, boy"))
    )


def _name_reason(rules: Rules) -> pl.Expr:
    name = pl.col("name")
    return (
        pl.when(name == "")
        .then(pl.lit("the name is empty"))
        .when(name.str.contains(r"\p{Cc}"))
        .then(pl.lit("the name holds a control character"))
        .when(name.str.len_chars() > rules.max_name_length)
        .then(pl.lit(f"the name is longer than {rules.max_name_length} characters"))
        .when(~name.str.contains(r"^\p{L}"))
        .then(pl.lit("the name does not begin with a letter"))
        .when(~name.str.contains(NAME_PATTERN))
        .then(pl.lit("the name holds something else than letters, blanks, apostrophes, hyphens and full stops"))
    )


def _births_reason() -> pl.Expr:
    births = pl.col("births_text")
    return (
        pl.when(pl.col("births").is_not_null())
        .then(None)
        .when(births == "")
        .then(pl.lit("the births are empty"))
        .when(births.str.contains(r"^0+$"))
        .then(pl.lit("the births are 0, but at least 1 is needed"))
        .when(births.str.contains(_WHOLE))
        .then(pl.lit(f"the births are more than {MOST_BIRTHS:,}"))
        .when(births.str.contains(r"^-[0-9.,]+$"))
        .then(pl.lit("the births are negative"))
        .when(births.str.contains(r"^\+[0-9]+$"))
        .then(pl.lit("the births have a plus sign; only plain digits are read"))
        .when(births.str.contains(r"^[0-9]+\.[0-9]*$"))
        .then(pl.lit("the births have a decimal point; only whole numbers in plain digits are read"))
        .when(births.str.contains(r"(?i)^[0-9.]+e[+-]?[0-9]+$"))
        .then(pl.lit("the births are written with an exponent; only plain digits are read"))
        .when(births.str.contains(r"^[0-9]{1,3}([,.' \u00a0][0-9]{3})+$"))
        .then(pl.lit("the births have a thousands separator; only plain digits are read"))
        .otherwise(pl.lit("the births are not a number"))
    )
