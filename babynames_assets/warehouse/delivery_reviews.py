"""What a person sees of the messages, and does about those that could not be delivered."""

import datetime as dt
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.tables import notification_deliveries

Status = Literal["waiting", "sending", "sent", "dead", "discarded"]

_columns = notification_deliveries.c


@dataclass(frozen=True)
class StoredDelivery:
    """A message as it stands; moments are UTC without a zone.

    Attributes:
        event: what has happened to the incident: opened, reminded, resolved.
        message: all that it tells.
        next_attempt_at: when it is sent again; None when it is not.
        settled_at: when it was sent, given up or discarded.
        note: what came back at the last attempt, or why a person discarded it.
    """

    id: int
    incident_id: int
    channel: str
    event: str
    message: Mapping[str, Any]
    status: Status
    attempts: int
    created_at: dt.datetime
    next_attempt_at: dt.datetime | None
    settled_at: dt.datetime | None
    claimed_by: str | None
    note: str | None


def deliveries(
    connection: Connection, *, statuses: Collection[Status] | None = None, limit: int | None = None
) -> list[StoredDelivery]:
    """Messages, the newest first."""
    query = notification_deliveries.select().order_by(_columns.id.desc()).limit(limit)
    if statuses is not None:
        query = query.where(_columns.status.in_(statuses))
    rows = connection.execute(query).mappings()
    return [StoredDelivery(**{**row, "message": json.loads(row["message"])}) for row in rows]


def counts(connection: Connection) -> dict[str, int]:
    """Messages that are not settled well: waiting, sending and dead, by status; none is left out."""
    query = (
        sa.select(_columns.status, sa.func.count())
        .where(_columns.status.in_(["waiting", "sending", "dead"]))
        .group_by(_columns.status)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def retry(connection: Connection, ids: Collection[int] | None) -> int:
    """Have dead messages sent again, with all their attempts; returns how many.

    Args:
        connection: a transaction.
        ids: which; None for all.
    """
    moment = clock.moment(connection)
    again = {"status": "waiting", "attempts": 0, "next_attempt_at": moment, "settled_at": None}
    return connection.execute(_of_the_dead(ids).values(again)).rowcount


def discard(connection: Connection, ids: Collection[int] | None, *, because: str) -> int:
    """Give dead messages up for good; returns how many.

    Args:
        connection: a transaction.
        ids: which; None for all.
        because: why, for a person.
    """
    gone = {"status": "discarded", "settled_at": clock.moment(connection), "note": because}
    return connection.execute(_of_the_dead(ids).values(gone)).rowcount


def forget_settled(connection: Connection, *, days: float) -> int:
    """Delete messages that were sent or discarded so many days ago; returns how many."""
    before = clock.moment(connection) - dt.timedelta(days=days)
    settled = sa.and_(_columns.status.in_(["sent", "discarded"]), _columns.settled_at < before)
    return connection.execute(notification_deliveries.delete().where(settled)).rowcount


def _of_the_dead(ids: Collection[int] | None) -> sa.Update:
    statement = notification_deliveries.update().where(_columns.status == "dead")
    return statement if ids is None else statement.where(_columns.id.in_(list(ids)))
