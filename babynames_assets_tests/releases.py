"""Reads a published release by other means than the product's, and says what should become of it."""

from pathlib import Path

import polars as pl

KEY = ["year", "sex", "name"]


def read_release(file: Path, years: range) -> pl.DataFrame:
    """The sound rows of a release in the layout of Kaggle's file: year, name, sex, births, all but the last as text."""
    rows = []
    for line in file.read_text().splitlines()[1:]:
        fields = line.split(",")
        if len(fields) == 4 and fields[3].isdigit() and fields[2] in ("F", "M") and "\x00" not in line:
            rows.append((fields[0], fields[2], fields[1], int(fields[3])))
    frame = pl.DataFrame(rows, schema=["year", "sex", "name", "births"], orient="row")
    is_name = pl.col("name").str.contains("^\\p{L}[\\p{L}\\p{M}' .\u2019-]{0,99}$")
    sound = is_name & pl.col("births").is_between(1, 2**31 - 1)
    allowed = [str(year) for year in years]
    return frame.filter(sound & pl.col("year").is_in(allowed)).unique(KEY, keep="first", maintain_order=True)


def as_contacts(rows: pl.DataFrame) -> dict[str, str]:
    """Contact key -> births, as HubSpot should hold them."""
    return {f"{year}-{sex}-{name}": str(births) for year, sex, name, births in rows.rows()}


def touched_years(before: pl.DataFrame, after: pl.DataFrame) -> list[int]:
    """The years in which two releases differ, ascending."""
    both = before.join(after, on=KEY, how="full", suffix="_after", coalesce=True)
    differs = pl.col("births").ne_missing(pl.col("births_after"))
    return sorted(int(year) for year in both.filter(differs)["year"].unique())
