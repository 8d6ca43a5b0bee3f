"""Reads the dead letters: by filter and page, by number, by reason. Changes nothing."""

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import sqlalchemy as sa

from babynames_assets.warehouse.dead_letters import Service
from babynames_assets.warehouse.engine import Connection, Engine, connect
from babynames_assets.warehouse.letter_changes import Event
from babynames_assets.warehouse.letter_status import UNSETTLED, Status
from babynames_assets.warehouse.tables import dead_letter_events, dead_letters

ROWS_ON_PAGE = 500
"""Letters in memory at a time; the payload of each may have a megabyte."""


@dataclass(frozen=True)
class StoredLetter:
    """A dead letter as it lies in the table; moments are UTC without a zone.

    Attributes:
        attempts: failures since it was last resolved.
        next_attempt_at: when a redrive takes it; while it is retrying, when its claim ends; None: a person has to look.
        note: what was last said about it: why it was discarded or resolved.
    """

    id: int
    service: Service
    letter_key: str
    year: int | None
    status: Status
    attempts: int
    error: str
    category: str | None
    message: str | None
    correlation_id: str | None
    first_attempt_at: dt.datetime
    last_attempt_at: dt.datetime
    next_attempt_at: dt.datetime | None
    note: str | None
    source_sha256: str | None
    payload: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class LetterEvent:
    """Something that happened to a letter."""

    happened_at: dt.datetime
    event: Event
    attempts: int
    error: str | None
    correlation_id: str | None
    note: str | None


@dataclass(frozen=True)
class LetterFilter:
    """Which letters are meant; what is None does not narrow.

    Attributes:
        ids: numbers of letters.
        service: of lines, or of contacts.
        statuses: any of these.
        years: first and last year.
        reason: HubSpot's category as it is, or a part of the text in any case.
        since: the last attempt was not earlier; UTC without a zone.
    """

    ids: Sequence[int] | None = None
    service: Service | None = None
    statuses: Sequence[Status] | None = None
    years: tuple[int, int] | None = None
    reason: str | None = None
    since: dt.datetime | None = None


@dataclass(frozen=True)
class Reason:
    """Why letters are open, and how many.

    Attributes:
        category: HubSpot's, for contacts.
        example: the words of one of them.
    """

    service: Service
    category: str | None
    example: str
    letters: int


def matching(wanted: LetterFilter, connection: Connection) -> sa.ColumnElement[bool]:
    """The filter as a condition on the table, for letters that are read in the order of their numbers."""
    columns = dead_letters.c
    # SQLite would find all letters of a service or status by their index and sort them, for every page anew.
    is_sqlite = connection.dialect.name == "sqlite"
    service, status = (column.concat("") if is_sqlite else column for column in (columns.service, columns.status))
    conditions: list[sa.ColumnElement[bool]] = [sa.true()]
    if wanted.ids is not None:
        conditions.append(columns.id.in_(wanted.ids))
    if wanted.service is not None:
        conditions.append(service == wanted.service)
    if wanted.statuses is not None:
        conditions.append(status.in_(wanted.statuses))
    if wanted.years is not None:
        conditions.append(columns.year.between(*wanted.years))
    if wanted.reason is not None:
        part = sa.func.lower(columns.error).contains(wanted.reason.lower(), autoescape=True)
        conditions.append(sa.or_(columns.category == wanted.reason, part))
    if wanted.since is not None:
        conditions.append(columns.last_attempt_at >= wanted.since)
    return sa.and_(*conditions)


def page(connection: Connection, wanted: LetterFilter, *, limit: int, after: int = 0) -> list[StoredLetter]:
    """Letters in the order of their numbers, those behind a number."""
    query = sa.select(*(dead_letters.c[one.name] for one in fields(StoredLetter)))
    rows = connection.execute(
        query.where(matching(wanted, connection), dead_letters.c.id > after).order_by(dead_letters.c.id).limit(limit)
    )
    return [StoredLetter(**{**row, "payload": json.loads(row["payload"])}) for row in rows.mappings()]


def every_letter(engine: Engine, wanted: LetterFilter) -> Iterator[StoredLetter]:
    """All letters of a filter, page by page: two million of them are never in memory, and no cursor is kept open."""
    after = 0
    while True:
        with connect(engine) as connection:
            letters = page(connection, wanted, limit=ROWS_ON_PAGE, after=after)
        yield from letters
        if len(letters) < ROWS_ON_PAGE:
            return
        after = letters[-1].id


def count(connection: Connection, wanted: LetterFilter) -> int:
    """How many letters a filter means."""
    letters = sa.select(sa.func.count()).select_from(dead_letters).where(matching(wanted, connection))
    return connection.execute(letters).scalar_one()


def history(connection: Connection, letter_id: int) -> list[LetterEvent]:
    """What happened to a letter, oldest first."""
    columns = dead_letter_events.c
    query = sa.select(*(columns[one.name] for one in fields(LetterEvent))).where(columns.letter_id == letter_id)
    return [LetterEvent(**row) for row in connection.execute(query.order_by(columns.id)).mappings()]


def reasons(connection: Connection, *, limit: int) -> list[Reason]:
    """The most frequent reasons of open letters: contacts by HubSpot's category, lines by their whole reason."""
    columns = dead_letters.c
    words = sa.case((columns.category.is_(None), sa.func.substr(columns.error, 1, _COMPARED)), else_="")
    letters = sa.func.count()
    query = (
        sa.select(columns.service, columns.category, sa.func.min(columns.error), letters)
        .where(columns.status.in_(UNSETTLED))
        .group_by(columns.service, columns.category, words)
        .order_by(letters.desc(), columns.service, columns.category, words)
        .limit(limit)
    )
    return [Reason(*row) for row in connection.execute(query)]


def counts(connection: Connection) -> dict[str, int]:
    """Open letters by service."""
    query = (
        sa.select(dead_letters.c.service, sa.func.count().label("letters"))
        .where(dead_letters.c.status.in_(UNSETTLED))
        .group_by(dead_letters.c.service)
    )
    return {row.service: row.letters for row in connection.execute(query)}


def for_a_person(connection: Connection) -> int:
    """Open letters that nothing tries again by itself."""
    waits = sa.and_(dead_letters.c.status == "open", dead_letters.c.next_attempt_at.is_(None))
    return connection.execute(sa.select(sa.func.count()).where(waits)).scalar_one()


_COMPARED = 200
"""So many characters of a reason tell it from others."""
