"""Dead letters: what could not go on, with the reason; nothing that is lost is lost in silence."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, chunks, now, upsert
from babynames_assets.warehouse.tables import dead_letters

Service = Literal["import", "sync"]


@dataclass(frozen=True)
class DeadLetter:
    """Something that could not go on.

    Attributes:
        service: ``import`` for a line of a file, ``sync`` for a contact.
        letter_key: identity within the service; another failure of the same thing is the same letter.
        year: the partition, where it is known.
        payload: all that is needed to look at it or to try it again.
        error: the reasons, for a person.
        source_sha256: the file, for a line.
    """

    service: Service
    letter_key: str
    year: int | None
    payload: Mapping[str, Any]
    error: str
    source_sha256: str | None = None


@dataclass(frozen=True)
class StoredLetter:
    """A dead letter as it lies in the table; moments are UTC."""

    service: Service
    letter_key: str
    year: int | None
    payload: dict[str, Any] = field(repr=False)
    error: str
    attempts: int
    first_attempt_at: dt.datetime
    last_attempt_at: dt.datetime
    status: str


def record(connection: Connection, letters: Iterable[DeadLetter]) -> None:
    """Enter letters. One that is known has one more attempt, its newest reason, and is open again."""
    moment = now()
    rows = (
        {
            "service": letter.service,
            "letter_key": letter.letter_key,
            "year": letter.year,
            "source_sha256": letter.source_sha256,
            "payload": json.dumps(letter.payload, ensure_ascii=False),
            "error": letter.error,
            "attempts": 1,
            "first_attempt_at": moment,
            "last_attempt_at": moment,
            "status": "open",
        }
        for letter in letters
    )
    newest = dict.fromkeys(("year", "source_sha256", "payload", "error", "last_attempt_at", "status"), NEW)
    again = {"attempts": dead_letters.c.attempts + sa.literal_column("1")}
    upsert(connection, dead_letters, rows, keys=["service", "letter_key"], update={**newest, **again})


def resolve(connection: Connection, service: Service, keys: Iterable[str]) -> None:
    """Close the letters of things that went on after all; unknown keys are passed over."""
    for chunk in chunks({"key": key} for key in keys):
        connection.execute(
            dead_letters.update()
            .where(dead_letters.c.service == service, dead_letters.c.letter_key.in_([row["key"] for row in chunk]))
            .where(dead_letters.c.status.in_(["open", "retrying"]))
            .values(status="resolved", last_attempt_at=now())
        )


def resolve_import_except(connection: Connection, source_sha256: str) -> None:
    """Close the letters of lines that the file no longer has."""
    connection.execute(
        dead_letters.update()
        .where(dead_letters.c.service == "import", dead_letters.c.source_sha256 != source_sha256)
        .where(dead_letters.c.status.in_(["open", "retrying"]))
        .values(status="resolved", last_attempt_at=now())
    )


def counts(connection: Connection) -> dict[str, int]:
    """Open letters by service."""
    query = (
        sa.select(dead_letters.c.service, sa.func.count().label("letters"))
        .where(dead_letters.c.status.in_(["open", "retrying"]))
        .group_by(dead_letters.c.service)
    )
    return {row.service: row.letters for row in connection.execute(query)}


def sample(
    connection: Connection, service: Service, *, limit: int, years: Sequence[int] | None = None
) -> list[StoredLetter]:
    """Some open letters of a service, oldest first."""
    columns = dead_letters.c
    query = (
        sa.select(
            columns.service,
            columns.letter_key,
            columns.year,
            columns.payload,
            columns.error,
            columns.attempts,
            columns.first_attempt_at,
            columns.last_attempt_at,
            columns.status,
        )
        .where(columns.service == service, columns.status.in_(["open", "retrying"]))
        .order_by(columns.id)
        .limit(limit)
    )
    if years is not None:
        query = query.where(columns.year.in_(years))
    rows = connection.execute(query).mappings()
    return [StoredLetter(**{**row, "payload": json.loads(row["payload"])}) for row in rows]
