"""Letters that are due, taken by one redrive at a time.

A claim is a status with an end: while it lasts nobody else takes the letter, and a redrive that was killed loses what
it took when the end has passed. Moments are the database's, so that hosts with different clocks agree.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.letter_changes import applies, change_letters
from babynames_assets.warehouse.letter_status import UNSETTLED
from babynames_assets.warehouse.tables import dead_letters

CLAIM_SECONDS = 1800.0
"""How long a claim lasts. A batch whose contacts all conflict is some 200 calls, each with its retries."""


@dataclass(frozen=True)
class ClaimedLetter:
    """A letter that nobody else sends now."""

    id: int
    letter_key: str


@dataclass(frozen=True)
class DueLetters:
    """Letters of contacts that wait for a redrive.

    Attributes:
        first_id: the letter that has been due for longest.
        first_due_at: since when; UTC without a zone.
        moment: now, by the same clock.
    """

    first_id: int
    first_due_at: dt.datetime
    moment: dt.datetime


def claim(
    engine: Engine, claimant: str, *, limit: int, years: Collection[int] | None = None, seconds: float = CLAIM_SECONDS
) -> list[ClaimedLetter]:
    """Take the letters of contacts that have been due for longest; an empty list means that none is due.

    Args:
        engine: the warehouse.
        claimant: names this claim; no other one has the same name.
        limit: the most letters to take.
        years: of these alone; None for any.
        seconds: how long they are kept from others.
    """
    while True:
        candidates, taken = run_in_transaction(
            engine, lambda connection: _claim(connection, claimant, limit, years, dt.timedelta(seconds=seconds))
        )
        if taken or not candidates:
            return taken
        # Another redrive was faster with all of them; others may be due.


def release(connection: Connection, claimant: str, *, until: dt.datetime, note: str) -> int:
    """Give back what a claim still holds, untried; returns how many letters.

    Args:
        connection: a transaction.
        claimant: the claim.
        until: when they are due again, UTC without a zone.
        note: why they were not tried, for a person.
    """
    mine = sa.and_(dead_letters.c.status == "retrying", dead_letters.c.claimed_by == claimant)
    return change_letters(connection, "release", mine, note=note, next_attempt_at=until)


def due(engine: Engine, years: Collection[int] | None = None) -> DueLetters | None:
    """The letters that a redrive would take now, if there are any; of some years alone, or of any."""
    with connect(engine) as connection:
        moment = clock.moment(connection)
        rows = [row for query in _due(moment, years) for row in connection.execute(query.limit(1))]
    if not rows:
        return None
    first = min(rows, key=lambda row: (row.next_attempt_at, row.id))
    return DueLetters(first.id, first.next_attempt_at, moment)


def due_years(engine: Engine) -> list[int]:
    """The years of letters that a redrive would take now, ascending."""
    columns = dead_letters.c
    with connect(engine) as connection:
        is_due = sa.and_(columns.service == "sync", columns.next_attempt_at <= clock.moment(connection))
        query = sa.select(columns.year).where(is_due, columns.status.in_(UNSETTLED)).distinct().order_by(columns.year)
        return [year for year in connection.scalars(query) if year is not None]


def _claim(
    connection: Connection, claimant: str, limit: int, years: Collection[int] | None, lasting: dt.timedelta
) -> tuple[list[int], list[ClaimedLetter]]:
    moment = clock.moment(connection)
    ids: list[int] = []
    for query in _due(moment, years):
        ids += [row.id for row in connection.execute(query.limit(limit - len(ids)))]
    # Who else found the same letters waits here, and then no longer meets the condition.
    still_due = sa.and_(dead_letters.c.id.in_(ids), applies("claim", moment), dead_letters.c.next_attempt_at <= moment)
    claimed = {"status": "retrying", "claimed_by": claimant, "next_attempt_at": moment + lasting}
    connection.execute(dead_letters.update().where(still_due).values(**claimed))
    mine = sa.and_(dead_letters.c.id.in_(ids), dead_letters.c.claimed_by == claimant)
    query = sa.select(dead_letters.c.id, dead_letters.c.letter_key).where(mine).order_by(dead_letters.c.id)
    return ids, [ClaimedLetter(*row) for row in connection.execute(query)]


def _due(moment: dt.datetime, years: Collection[int] | None) -> list[sa.Select]:
    """Claims that have ended, then open letters, each in the order of the index: no page sorts all that is due."""
    columns = dead_letters.c
    of_years = sa.true() if years is None else columns.year.in_(years)
    return [
        sa.select(columns.id, columns.next_attempt_at)
        .where(columns.service == "sync", columns.status == status, columns.next_attempt_at <= moment, of_years)
        .order_by(columns.next_attempt_at, columns.id)
        for status in ("retrying", "open")
    ]
