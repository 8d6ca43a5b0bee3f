"""Candidates into final rows: sorted, each key once, the finer grain summed."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from babynames_assets.ingest.rules import REJECTED_COLUMNS, shortened
from babynames_assets.ingest.schema import COLUMNS, KEY, MOST_BIRTHS

CONFLICT = "an earlier line has the same year, sex and name, but another number of births"
FINER_CONFLICT = "an earlier line has the same year, sex, name and place or group, but another number of births"
TOO_MANY = f"the births of this year, sex and name add up to more than {MOST_BIRTHS:,}"

_TEXT = pl.col("text")


class Resolved(NamedTuple):
    """What became of the candidates of one or more years, or of a range of keys.

    Attributes:
        frame: the final rows.
        merged: by year, rows of the finer grain that were folded into another row.
        duplicates: by year, repetitions of an earlier line.
        rejected: as ``rules.REJECTED_COLUMNS``.
    """

    frame: pl.DataFrame
    merged: Counter[int]
    duplicates: Counter[int]
    rejected: pl.DataFrame


class _Told(NamedTuple):
    first: pl.DataFrame
    duplicates: Counter[int]
    rejected: pl.DataFrame


def resolve_duplicates(parts: Sequence[pl.LazyFrame], *, plain_text: pl.Expr = _TEXT) -> Resolved:
    """Keep the first line of each key, drop its repetitions, reject what contradicts it, and sum the finer grain.

    Args:
        parts: all candidates of one or more years or of a range of keys, as ``rules.Judged`` describes them; one part
            after the other comes into memory. A later part has no line that stands before one of the same key here.
        plain_text: gives the line of a candidate without text.
    """
    is_finer = "grain" in parts[0].collect_schema()
    told = _told_apart(None, parts[0], plain_text, is_finer=is_finer)
    for part in parts[1:]:
        more = _told_apart(told.first, part, plain_text, is_finer=is_finer)
        told = _Told(more.first, told.duplicates + more.duplicates, pl.concat([told.rejected, more.rejected]))
    if not is_finer:
        return Resolved(_as_frame(told.first), Counter(), told.duplicates, told.rejected)
    sums = told.first.group_by(KEY, maintain_order=True).agg(pl.col("births").cast(pl.Int64).sum())
    excess = told.first.join(sums.filter(pl.col("births") > MOST_BIRTHS), on=KEY, how="semi")
    frame = _as_frame(sums.filter(pl.col("births") <= MOST_BIRTHS))
    merged = _by_year(told.first) - _by_year(excess) - _by_year(frame)
    rejected = [told.rejected, *(_rejected(part, excess, TOO_MANY, plain_text) for part in parts)]
    return Resolved(frame, merged, told.duplicates, pl.concat(rejected))


def _told_apart(earlier: pl.DataFrame | None, part: pl.LazyFrame, plain_text: pl.Expr, *, is_finer: bool) -> _Told:
    """The first line of each key, now and earlier, and what became of the others."""
    key = [*KEY, "grain"] if is_finer else [*KEY]
    rows = part.select(*key, "births", "line").collect()
    first, repeated = _first_and_repeated(rows if earlier is None else pl.concat([earlier, rows]), key)
    is_equal = pl.col("births") == pl.col("first_births")
    conflicts = _rejected(part, repeated.filter(~is_equal), FINER_CONFLICT if is_finer else CONFLICT, plain_text)
    return _Told(first, _by_year(repeated.filter(is_equal)), conflicts)


def _first_and_repeated(rows: pl.DataFrame, key: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The first line of each key in the order of the keys, and the others with the births of that line."""
    rows = rows.sort(key, maintain_order=True)
    is_first = rows.select(
        pl.any_horizontal(pl.col(column).ne_missing(pl.col(column).shift()) for column in key)
    ).to_series()
    if is_first.all():
        return rows, rows.clear().with_columns(first_births="births")
    if (rows["line"] < rows["line"].shift()).filter(~is_first).any():
        rows = rows.sort(*key, "line")
    rows = rows.with_columns(first_births=pl.when(is_first).then("births").forward_fill())
    return rows.filter(is_first).drop("first_births"), rows.filter(~is_first)


def _as_frame(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.select(list(COLUMNS)).cast(pl.Schema(COLUMNS))


def _rejected(candidates: pl.LazyFrame, rows: pl.DataFrame, reason: str, plain_text: pl.Expr) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=REJECTED_COLUMNS)
    text = pl.coalesce("text", plain_text) if "text" in candidates.collect_schema() else plain_text
    lines = candidates.join(rows.lazy().select("line"), on="line", how="semi")
    columns = ("line", "year", text.alias("text"), pl.concat_list(pl.lit(reason)).alias("reasons"))
    return shortened(lines.select(columns).collect())


def _by_year(rows: pl.DataFrame) -> Counter[int]:
    return Counter(dict(rows.group_by("year").len().iter_rows()))
