"""Changes of dead letters: each is made by the rules of ``letter_status`` and entered into the letter's history."""

import datetime as dt
from types import MappingProxyType
from typing import Any, Literal

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.letter_status import STATUSES, Change, status_after
from babynames_assets.warehouse.rows import now
from babynames_assets.warehouse.tables import dead_letter_events, dead_letters

Event = Literal["failed", "retried", "released", "resolved", "discarded"]

_EVENTS: MappingProxyType[Change, Event] = MappingProxyType(
    {"release": "released", "resolve": "resolved", "discard": "discarded", "retry": "retried"}
)


def applies(change: Change, moment: dt.datetime) -> sa.ColumnElement[bool]:
    """Whether a change applies to a letter as it stands.

    Args:
        change: what is to happen.
        moment: now, by the database's clock; claims that were to end by then have ended.
    """
    # As an expression it is in no index: SQLite would look the status up first, among all letters, and not the ids.
    status = dead_letters.c.status.concat("")
    now_in = [one for one in STATUSES if status_after(change, one)]
    condition: sa.ColumnElement[bool] = status.in_(now_in)
    if "retrying" not in now_in and status_after(change, "retrying", claim_has_ended=True):
        condition = sa.or_(condition, sa.and_(status == "retrying", dead_letters.c.next_attempt_at <= moment))
    return condition


def change_letters(
    connection: Connection, change: Change, which: sa.ColumnElement[bool], *, note: str | None, **values: Any
) -> int:
    """Make a change of those letters to which it applies; returns of how many.

    Args:
        connection: a transaction.
        change: all but a failure and a claim.
        which: the letters that are meant.
        note: why, for a person; the letter shows it.
        values: columns to set beside the status.
    """
    meant = sa.and_(which, applies(change, clock.moment(connection)))
    enter_event(connection, meant, _EVENTS[change], note=note)
    settled: dict[str, Any] = {"status": status_after(change, "open") or "open", "next_attempt_at": None}
    statement = dead_letters.update().where(meant)
    return connection.execute(statement.values(**{**settled, "claimed_by": None, "note": note, **values})).rowcount


def enter_event(
    connection: Connection, which: sa.ColumnElement[bool], event: Event, *, note: str | None = None
) -> None:
    """Enter what happens to some letters into their histories.

    Args:
        connection: the transaction in which it happens.
        which: the letters.
        event: what happens.
        note: why, for a person.
    """
    # Only a failure has words of its own; else each change would copy the text of the one before.
    says_why = event == "failed"
    columns = {
        "letter_id": dead_letters.c.id,
        "happened_at": sa.literal(now(), dead_letter_events.c.happened_at.type),
        "event": sa.literal(event),
        "attempts": dead_letters.c.attempts,
        "error": dead_letters.c.error if says_why else sa.null(),
        "correlation_id": dead_letters.c.correlation_id if says_why else sa.null(),
        "note": sa.literal(note, sa.Text) if note is not None else sa.null(),
    }
    letters = sa.select(*columns.values()).where(which)
    connection.execute(dead_letter_events.insert().from_select(list(columns), letters))
