"""What the table of names holds, by year, in one pass of the database over it."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.sync_state import count_if
from babynames_assets.warehouse.tables import baby_names

_SEXES = ("F", "M")


@dataclass(frozen=True)
class YearTotals:
    """A year of the table.

    Attributes:
        rows: rows.
        births: their births together.
        other_sex: rows of another sex than F and M.
        no_count: rows whose births are no count from 1.
    """

    rows: int = 0
    births: int = 0
    other_sex: int = 0
    no_count: int = 0


def by_year(connection: Connection, years: Sequence[int] | None = None) -> dict[int, YearTotals]:
    """The totals of each year that has a row.

    Args:
        connection: the warehouse.
        years: some years, or None for all.
    """
    columns = baby_names.c
    query = sa.select(
        columns.year,
        sa.func.count().label("rows"),
        sa.func.sum(columns.births).label("births"),
        count_if(columns.sex.not_in(_SEXES)).label("other_sex"),
        count_if(columns.births < 1).label("no_count"),
    ).group_by(columns.year)
    if years is not None:
        query = query.where(columns.year.in_(years))
    return {
        row.year: YearTotals(row.rows, int(row.births), int(row.other_sex), int(row.no_count))
        for row in connection.execute(query)
    }


def examples_outside_domain(connection: Connection, year: int, *, limit: int) -> list[tuple[str, str, int]]:
    """Sex, name and births of some rows that are wrong in a year."""
    columns = baby_names.c
    query = sa.select(columns.sex, columns.name, columns.births).where(
        columns.year == year, sa.or_(columns.sex.not_in(_SEXES), columns.births < 1)
    )
    return [(row.sex, row.name, row.births) for row in connection.execute(query.limit(limit))]
