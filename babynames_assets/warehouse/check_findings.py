"""What checks found wrong at their newest look: rows that no event log has room for.

A check that looks at a year again replaces what it had found there, so the table holds what is wrong now, and its size
has an end. The history of a check is Dagster's.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import chunks, delete, now
from babynames_assets.warehouse.tables import check_findings

_LONGEST_PLACE = 255
_LONGEST_MESSAGE = 2_000


@dataclass(frozen=True)
class CheckFinding:
    """One thing that is not as a check asserts.

    Attributes:
        year: the partition; None where it is about all of them.
        place: what it is about: a contact key, a file, a column, a stage.
        message: what was expected and what was found.
    """

    year: int | None
    place: str
    message: str


@dataclass(frozen=True)
class StoredFinding(CheckFinding):
    """A finding as it lies in the table; the moment is UTC without a zone."""

    id: int
    asset: str
    check_name: str
    run_id: str
    found_at: dt.datetime


def replace(
    connection: Connection,
    asset: str,
    found: dict[str, Sequence[CheckFinding]],
    *,
    years: Collection[int] | None,
    run_id: str,
) -> None:
    """Put what some checks find now in the place of what they had found.

    Args:
        connection: a transaction.
        asset: what was checked, as place/thing.
        found: check -> what it found; an empty list where all is well.
        years: the years that were looked at; None for all.
        run_id: the run that looked.
    """
    columns = check_findings.c
    query = sa.select(columns.id, columns.year).where(columns.asset == asset, columns.check_name.in_(list(found)))
    # Looked up first: most checks find nothing, and a delete of nothing would lock the gaps between others' rows.
    rows = connection.execute(query).all()
    past = [(row.id,) for row in rows if years is None or row.year is None or row.year in years]
    delete(connection, check_findings, past, ["id"])
    moment = now()
    new = [
        {
            "asset": asset,
            "check_name": name,
            "year": finding.year,
            "place": finding.place[:_LONGEST_PLACE],
            "message": finding.message[:_LONGEST_MESSAGE],
            "run_id": run_id,
            "found_at": moment,
        }
        for name, findings in found.items()
        for finding in findings
    ]
    for chunk in chunks(new):
        connection.execute(check_findings.insert(), chunk)


def page(
    connection: Connection,
    *,
    check_name: str | None = None,
    years: tuple[int, int] | None = None,
    limit: int,
    after: int = 0,
) -> list[StoredFinding]:
    """Findings in the order of their numbers, those behind a number.

    Args:
        connection: the warehouse.
        check_name: of one check; None for all.
        years: first and last year; None for all, and for what is about no year.
        limit: the most findings.
        after: the number that the page before ended with.
    """
    columns = check_findings.c
    query = check_findings.select().where(columns.id > after, *_narrowed(check_name, years))
    rows = connection.execute(query.order_by(columns.id).limit(limit)).mappings()
    return [StoredFinding(**row) for row in rows]


def count(connection: Connection, *, check_name: str | None = None, years: tuple[int, int] | None = None) -> int:
    """How many findings there are."""
    query = sa.select(sa.func.count()).select_from(check_findings).where(*_narrowed(check_name, years))
    return connection.execute(query).scalar_one()


def _narrowed(check_name: str | None, years: tuple[int, int] | None) -> list[sa.ColumnElement[bool]]:
    columns = check_findings.c
    conditions = []
    if check_name is not None:
        conditions.append(columns.check_name == check_name)
    if years is not None:
        conditions.append(columns.year.between(*years))
    return conditions
