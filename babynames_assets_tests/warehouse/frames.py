"""Rows for the tests of the warehouse."""

import polars as pl

from babynames_assets.warehouse.baby_names import SCHEMA, LoadCounts, load_year, read_year
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction

Row = tuple[str, str, int]


def frame(year: int, *rows: Row) -> pl.DataFrame:
    """A year's frame of (sex, name, births)."""
    return pl.DataFrame([(year, *row) for row in rows], schema=SCHEMA, orient="row")


def load(engine: Engine, year: int, *rows: Row, max_delete_share: float = 1.0) -> LoadCounts:
    """Bring a year of the table to these rows."""
    wanted = frame(year, *rows)
    return run_in_transaction(
        engine, lambda connection: load_year(connection, year, wanted, max_delete_share=max_delete_share)
    )


def stored(engine: Engine, year: int) -> list[Row]:
    """A year of the table, in the order of its key by code point."""
    with connect(engine) as connection:
        return [(sex, name, births) for _, sex, name, births in read_year(connection, year).iter_rows()]
