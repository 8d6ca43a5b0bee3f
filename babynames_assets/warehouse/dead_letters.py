"""Dead letters: what could not go on, with the reason; nothing that is lost is lost in silence."""

import datetime as dt
import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, Literal

import sqlalchemy as sa

from babynames_assets.resilience.backoff import Backoff
from babynames_assets.warehouse import clock, json_rows
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.letter_changes import change_letters, enter_event
from babynames_assets.warehouse.letter_status import UNSETTLED
from babynames_assets.warehouse.rows import NEW, ROWS_IN_STATEMENT, NewValue, now, upsert
from babynames_assets.warehouse.tables import dead_letters

Service = Literal["import", "sync"]

_jitter = random.Random()  # noqa: S311 - spreads attempts in time, guards no secret


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
        category: HubSpot's kind of refusal, for a contact.
        message: HubSpot's words.
        correlation_id: what HubSpot's support asks for.
    """

    service: Service
    letter_key: str
    year: int | None
    payload: Mapping[str, Any]
    error: str
    source_sha256: str | None = None
    category: str | None = None
    message: str | None = None
    correlation_id: str | None = None


def record(
    connection: Connection,
    letters: Iterable[DeadLetter],
    *,
    backoff: Backoff | None = None,
    rng: random.Random = _jitter,
) -> None:
    """Enter letters. One that is known has one more attempt, its newest reason, and is open again.

    A discarded letter stays discarded while it fails in the same words: a person has decided that already.

    Args:
        connection: a transaction.
        letters: what failed.
        backoff: when each is tried again; None for what no repetition mends, such as a line of a file.
        rng: source of the jitter. Letters entered together come back together, in one call.
    """
    rest = iter(letters)
    while chunk := list(islice(rest, ROWS_IN_STATEMENT)):
        _record(connection, chunk, _next_attempts(connection, chunk, backoff, rng))


def _record(
    connection: Connection, letters: Sequence[DeadLetter], next_attempts: Mapping[str, dt.datetime | None]
) -> None:
    moment = now()
    rows = [
        {
            "service": letter.service,
            "letter_key": letter.letter_key,
            "year": letter.year,
            "source_sha256": letter.source_sha256,
            "payload": json.dumps(letter.payload, ensure_ascii=False),
            "error": letter.error,
            "category": letter.category,
            "message": letter.message,
            "correlation_id": letter.correlation_id,
            "attempts": 1,
            "first_attempt_at": moment,
            "last_attempt_at": moment,
            "next_attempt_at": next_attempts.get(letter.letter_key),
            "status": "open",
        }
        for letter in letters
    ]
    upsert(connection, dead_letters, rows, keys=["service", "letter_key"], update=_AGAIN)
    enter_event(connection, _are(letters), "failed")


def resolve(connection: Connection, service: Service, keys: Iterable[str], *, note: str | None = None) -> None:
    """Close the letters of things that went on after all; unknown keys are passed over.

    Args:
        connection: a transaction.
        service: whose letters.
        keys: the letters; a few thousand at most.
        note: why, for a person.
    """
    given = {"service": service, **json_rows.as_parameter([key] for key in keys)}
    # Looked up first: most contacts never had a letter, and an update of absent keys would lock the gaps between.
    if ids := connection.scalars(_unsettled(connection.dialect), given).all():
        change_letters(connection, "resolve", dead_letters.c.id.in_(ids), note=note, last_attempt_at=now())


def resolve_import_except(connection: Connection, source_sha256: str) -> None:
    """Close the letters of lines that the file no longer has."""
    others = sa.and_(dead_letters.c.service == "import", dead_letters.c.source_sha256 != source_sha256)
    change_letters(connection, "resolve", others, note="The newest file no longer has the line.")


@lru_cache(maxsize=8)
def _unsettled(dialect: sa.Dialect) -> sa.Select:
    """The ids of the unsettled letters of a service, among keys that are given."""
    letters = dead_letters.c
    given = json_rows.as_select(dialect, (letters.letter_key,)).subquery()
    return (
        sa.select(letters.id)
        .select_from(dead_letters.join(given, given.c.letter_key == letters.letter_key))
        .where(letters.service == sa.bindparam("service"), letters.status.in_(UNSETTLED))
    )


def _next_attempts(
    connection: Connection, letters: Sequence[DeadLetter], backoff: Backoff | None, rng: random.Random
) -> dict[str, dt.datetime]:
    """When each letter that is tried again is due, by its key."""
    if backoff is None:
        return {}
    moment = clock.moment(connection)
    query = sa.select(dead_letters.c.letter_key, dead_letters.c.attempts).where(
        _are(letters), dead_letters.c.status != "resolved"
    )
    failed = {row.letter_key: row.attempts for row in connection.execute(query)}
    # One draw for each number of attempts: what failed together is sent together.
    waits = {tried: backoff.wait_after(tried, rng) for tried in {1, *(known + 1 for known in failed.values())}}
    due = {letter.letter_key: waits[failed.get(letter.letter_key, 0) + 1] for letter in letters}
    return {key: moment + dt.timedelta(seconds=wait) for key, wait in due.items() if wait is not None}


def _are(letters: Sequence[DeadLetter]) -> sa.ColumnElement[bool]:
    keys: dict[str, list[str]] = {}
    for letter in letters:
        keys.setdefault(letter.service, []).append(letter.letter_key)
    columns = dead_letters.c
    return sa.or_(*(sa.and_(columns.service == service, columns.letter_key.in_(of)) for service, of in keys.items()))


def _stays_discarded(new: NewValue) -> sa.ColumnElement[bool]:
    is_discarded = dead_letters.c.status == sa.literal_column("'discarded'")
    return sa.and_(is_discarded, dead_letters.c.error == new("error"))


# What reads the status and the error comes before what sets them: MySQL sets one after the other.
_AGAIN: Mapping[str, Any] = {
    "attempts": sa.case(
        (dead_letters.c.status == sa.literal_column("'resolved'"), sa.literal_column("1")),
        else_=dead_letters.c.attempts + sa.literal_column("1"),
    ),
    "next_attempt_at": lambda new: sa.case((_stays_discarded(new), sa.null()), else_=new("next_attempt_at")),
    "note": lambda new: sa.case((_stays_discarded(new), dead_letters.c.note), else_=sa.null()),
    "status": lambda new: sa.case(
        (_stays_discarded(new), sa.literal_column("'discarded'")), else_=sa.literal_column("'open'")
    ),
    "claimed_by": sa.null(),
    **dict.fromkeys(
        ("year", "source_sha256", "payload", "error", "category", "message", "correlation_id", "last_attempt_at"), NEW
    ),
}
