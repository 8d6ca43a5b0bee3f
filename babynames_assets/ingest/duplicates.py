"""Candidates into final rows: sorted, each key once, the finer grain summed."""

from collections import Counter
from typing import NamedTuple

import polars as pl

from babynames_assets.ingest.rules import REJECTED_COLUMNS, shortened
from babynames_assets.ingest.schema import COLUMNS, KEY, MOST_BIRTHS

CONFLICT = "an earlier line has the same year, sex and name, but another number of births"
FINER_CONFLICT = "an earlier line has the same year, sex, name and place or group, but another number of births"
TOO_MANY = f"the births of this year, sex and name add up to more than {MOST_BIRTHS:,}"


class Resolved(NamedTuple):
    """What became of the candidates of one or more years.

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


def resolve_duplicates(candidates: pl.LazyFrame) -> Resolved:
    """Keep the first line of each key, drop its repetitions, reject what contradicts it, and sum the finer grain.

    Args:
        candidates: all those of one or more years, as ``rules.Judged`` describes them.
    """
    is_finer = "grain" in candidates.collect_schema()
    rows = _compared_with_first(candidates, [*KEY, "grain"] if is_finer else [*KEY])
    repeated = rows.filter(~pl.col("is_first"))
    is_equal = pl.col("births") == pl.col("first_births")
    conflicts = _rejected(candidates, repeated.filter(~is_equal), FINER_CONFLICT if is_finer else CONFLICT)
    duplicates = _by_year(repeated.filter(is_equal))
    first = rows.filter("is_first")
    if not is_finer:
        return Resolved(first.select(list(COLUMNS)), Counter(), duplicates, conflicts)
    sums = first.group_by(KEY, maintain_order=True).agg(pl.col("births").cast(pl.Int64).sum())
    excess = first.join(sums.filter(pl.col("births") > MOST_BIRTHS), on=KEY, how="semi")
    frame = sums.filter(pl.col("births") <= MOST_BIRTHS).cast({"births": pl.Int32}).select(list(COLUMNS))
    merged = _by_year(first) - _by_year(excess) - _by_year(frame)
    return Resolved(frame, merged, duplicates, pl.concat([conflicts, _rejected(candidates, excess, TOO_MANY)]))


def _compared_with_first(candidates: pl.LazyFrame, key: list[str]) -> pl.DataFrame:
    """The candidates in the order of the key and the file, each with the births of its key's first line."""
    rows = candidates.select(*key, "births", "line").sort(*key, "line").collect()
    is_first = pl.any_horizontal(pl.col(column).ne_missing(pl.col(column).shift()) for column in key)
    first_births = pl.when("is_first").then("births").forward_fill()
    return rows.with_columns(is_first=is_first).with_columns(first_births=first_births)


def _rejected(candidates: pl.LazyFrame, rows: pl.DataFrame, reason: str) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=REJECTED_COLUMNS)
    lines = candidates.join(rows.lazy().select("line"), on="line", how="semi")
    return shortened(lines.select("line", "year", "text", reasons=pl.concat_list(pl.lit(reason))).collect())


def _by_year(rows: pl.DataFrame) -> Counter[int]:
    return Counter(dict(rows.group_by("year").len().iter_rows()))
