"""Corruptions of a validated frame that leave its provenance as it was: only a look at the file itself finds them."""

from collections.abc import Callable

import polars as pl

from babynames_assets.clients import open_frames
from babynames_assets.ingest.provenance import as_metadata
from babynames_assets_tests.dagster_shell.conftest import Installation

YEAR = 2001


def corrupt_frame(installation: Installation, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Rewrite the frame of a year, with the provenance that it has."""
    stored = open_frames(installation.settings).get(YEAR)
    frame = pl.read_parquet(stored.path, hive_partitioning=False)
    change(frame).write_parquet(stored.path, metadata=as_metadata(stored.provenance))


def other_type(frame: pl.DataFrame) -> pl.DataFrame:
    """Births become 64 bits wide."""
    return frame.with_columns(pl.col("births").cast(pl.Int64))


def null_sex(frame: pl.DataFrame) -> pl.DataFrame:
    """A row loses its sex."""
    return _in_last_row(frame, sex=pl.lit(None, dtype=pl.String))


def other_sex(frame: pl.DataFrame) -> pl.DataFrame:
    """A row gets a sex that nobody has; the order stays."""
    return _in_last_row(frame, sex=pl.lit("X"))


def other_year(frame: pl.DataFrame) -> pl.DataFrame:
    """A row strays into another year."""
    return _in_last_row(frame, year=pl.lit(2002, dtype=pl.Int16))


def same_key_again(frame: pl.DataFrame) -> pl.DataFrame:
    """A row has the name of the row before it."""
    return frame.with_columns(name=pl.when(_is_last()).then(pl.col("name").shift()).otherwise(pl.col("name")))


def no_births(frame: pl.DataFrame) -> pl.DataFrame:
    """A row loses its births to another; the sum stays."""
    last = frame["births"][-1]
    births = pl.col("births")
    given = pl.when(pl.int_range(pl.len()) == 0).then(births + last).otherwise(births)
    return frame.with_columns(births=pl.when(_is_last()).then(0).otherwise(given).cast(pl.Int32))


def more_births(frame: pl.DataFrame) -> pl.DataFrame:
    """A row has one birth more than the file says."""
    return frame.with_columns(births=(pl.col("births") + _is_last().cast(pl.Int32)).cast(pl.Int32))


def _in_last_row(frame: pl.DataFrame, **values: pl.Expr) -> pl.DataFrame:
    return frame.with_columns(
        **{column: pl.when(_is_last()).then(value).otherwise(pl.col(column)) for column, value in values.items()}
    )


def _is_last() -> pl.Expr:
    return pl.int_range(pl.len()) == pl.len() - 1
