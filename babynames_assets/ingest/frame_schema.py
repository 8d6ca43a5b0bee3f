"""What a year's frame must be, for pandera, which says what is wrong with one that is not."""

import pandera.polars as pa
import polars as pl

from babynames_assets.ingest.schema import IS_NAME, LONGEST_NAME, MOST_BIRTHS, SEXES, YEARS, keys_ascend


def _is_name(data: pa.PolarsData) -> pl.LazyFrame:
    # pandera's own str_matches compiles the pattern with Python's re, which knows no \p{L}.
    return data.lazyframe.select(IS_NAME)


def _ascends(data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(ascends=keys_ascend())


FRAME_SCHEMA = pa.DataFrameSchema(
    {
        "year": pa.Column(pl.Int16, pa.Check.in_range(*YEARS)),
        "sex": pa.Column(pl.String, pa.Check.isin(SEXES)),
        "name": pa.Column(pl.String, [pa.Check(_is_name, name="is_name"), pa.Check.str_length(1, LONGEST_NAME)]),
        "births": pa.Column(pl.Int32, pa.Check.in_range(1, MOST_BIRTHS)),
    },
    checks=pa.Check(_ascends, name="keys_ascend"),
    strict=True,
    ordered=True,
)
