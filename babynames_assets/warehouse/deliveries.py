"""Messages on their way: one row for each message and channel, claimed before it is sent, kept until it is settled.

A sender that dies loses its claim when the claim has ended, so a message arrives at least once. Messages about one
incident leave a channel in the order in which they were made. Moments are the database's.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.tables import notification_deliveries

CLAIM_SECONDS = 300.0
"""How long a sender keeps a message from others: longer than any channel takes for one."""

_columns = notification_deliveries.c
_UNSETTLED = ("waiting", "sending")


@dataclass(frozen=True)
class NewDelivery:
    """A message for a channel: about which incident, what has happened to it, and all that is told."""

    incident_id: int
    channel: str
    event: str
    message: Mapping[str, Any]


@dataclass(frozen=True)
class ClaimedDelivery:
    """A message that nobody else sends now; ``attempts`` counts this one."""

    id: int
    channel: str
    message: Mapping[str, Any]
    attempts: int
    claimed_by: str


def enqueue(connection: Connection, deliveries: Iterable[NewDelivery]) -> None:
    """Enter messages that are to be sent at once."""
    moment = clock.moment(connection)
    rows = [
        {
            "incident_id": new.incident_id,
            "channel": new.channel,
            "event": new.event,
            "message": json.dumps(dict(new.message), ensure_ascii=False),
            "status": "waiting",
            "attempts": 0,
            "created_at": moment,
            "next_attempt_at": moment,
        }
        for new in deliveries
    ]
    if rows:
        connection.execute(notification_deliveries.insert(), rows)


def claim(engine: Engine, channel: str, claimant: str, *, seconds: float = CLAIM_SECONDS) -> ClaimedDelivery | None:
    """Take the oldest message of a channel that is due; None when there is none.

    Args:
        engine: the warehouse.
        channel: its name.
        claimant: names this claim; no other one has the same name.
        seconds: how long it is kept from others.
    """
    while True:
        found, taken = run_in_transaction(engine, lambda connection: _claim(connection, channel, claimant, seconds))
        if taken or not found:
            return taken
        # Another sender was faster with it; others may be due.


def succeed(connection: Connection, claimed: ClaimedDelivery, note: str) -> None:
    """Enter that a message was taken, and in what words."""
    _settle(connection, claimed, status="sent", note=note, settled_at=clock.moment(connection), next_attempt_at=None)


def postpone(
    connection: Connection, claimed: ClaimedDelivery, note: str, *, seconds: float, with_others: bool = False
) -> None:
    """Let a message wait for another attempt.

    Args:
        connection: a transaction.
        claimed: the message.
        note: what came back.
        seconds: how long.
        with_others: all messages of the channel wait as long, because the receiver asked for it.
    """
    later = clock.moment(connection) + dt.timedelta(seconds=seconds)
    _settle(connection, claimed, status="waiting", note=note, next_attempt_at=later)
    if with_others:
        waits = sa.and_(_columns.channel == claimed.channel, _columns.status == "waiting")
        sooner = notification_deliveries.update().where(waits, _columns.next_attempt_at < later)
        connection.execute(sooner.values(next_attempt_at=later))


def due_channels(connection: Connection) -> list[str]:
    """The channels that have a message to send now."""
    is_due = sa.and_(_columns.status.in_(_UNSETTLED), _columns.next_attempt_at <= clock.moment(connection))
    return list(connection.scalars(sa.select(_columns.channel).where(is_due).distinct().order_by(_columns.channel)))


def bury(connection: Connection, claimed: ClaimedDelivery, note: str) -> None:
    """Give a message up, until a person has it sent again."""
    _settle(connection, claimed, status="dead", note=note, settled_at=clock.moment(connection), next_attempt_at=None)


def _claim(
    connection: Connection, channel: str, claimant: str, seconds: float
) -> tuple[int | None, ClaimedDelivery | None]:
    moment = clock.moment(connection)
    is_due = sa.and_(_columns.status.in_(_UNSETTLED), _columns.next_attempt_at <= moment)
    query = sa.select(_columns.id).where(_columns.channel == channel, is_due, ~_has_one_before())
    found = connection.scalar(query.order_by(_columns.id).limit(1))
    if found is None:
        return None, None
    # Who else found the same message waits here, and then no longer meets the condition.
    lasting = {"status": "sending", "claimed_by": claimant, "next_attempt_at": moment + dt.timedelta(seconds=seconds)}
    statement = notification_deliveries.update().where(_columns.id == found, is_due)
    if not connection.execute(statement.values(attempts=_columns.attempts + 1, **lasting)).rowcount:
        return found, None
    row = connection.execute(notification_deliveries.select().where(_columns.id == found)).one()
    return found, ClaimedDelivery(row.id, row.channel, json.loads(row.message), row.attempts, claimant)


def _has_one_before() -> sa.ColumnElement[bool]:
    earlier = notification_deliveries.alias("earlier")
    return (
        sa.select(earlier.c.id)
        .where(
            earlier.c.incident_id == _columns.incident_id,
            earlier.c.channel == _columns.channel,
            earlier.c.status.in_(_UNSETTLED),
            earlier.c.id < _columns.id,
        )
        .exists()
    )


def _settle(connection: Connection, claimed: ClaimedDelivery, **values: Any) -> None:
    # A sender that was taken for dead, and another has the message by now, changes nothing.
    mine = sa.and_(_columns.id == claimed.id, _columns.claimed_by == claimed.claimed_by, _columns.status == "sending")
    connection.execute(notification_deliveries.update().where(mine).values(claimed_by=None, **values))
