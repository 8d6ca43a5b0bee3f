"""A rate limit that all processes and hosts share: rolling windows, by the database's clock.

A bucket is one row. Whoever holds its lock reads the clock, forgets places that no window holds any more, and takes the
next ones. So the limit is exact, however many ask at once.
"""

import datetime as dt
import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from babynames_assets.resilience.allowances import Limit, Places
from babynames_assets.warehouse.clock import MICROSECONDS, as_microseconds, as_moment
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, upsert
from babynames_assets.warehouse.tables import rate_limits

AHEAD = 1.0
"""Seconds for which places are handed out ahead. Few enough to be given up when the limit is met or its caller dies."""

LONGEST_CLOSURE = 120.0
"""Seconds for which a bucket can be closed. One that is closed for longer was closed before its clock was set back, and
is open."""


FORGIVEN_AFTER = 10.0
"""Seconds after which a limit that was met is no longer a reason to close the bucket for longer."""


@dataclass(frozen=True)
class Bucket:
    """The row of a bucket.

    Attributes:
        taken: moments of the places, in microseconds, ascending; the last ones may be ahead.
        learnt: what the service said of its limit.
        closed_until: no place is before this moment, in microseconds.
        closed_seconds: for how long it was closed then.
    """

    taken: list[int] = field(default_factory=list)
    learnt: Limit | None = None
    closed_until: int = 0
    closed_seconds: float = 0.0


COLUMNS = (
    rate_limits.c.admitted_at,
    rate_limits.c.learnt_calls,
    rate_limits.c.learnt_seconds,
    rate_limits.c.closed_until,
    rate_limits.c.closed_seconds,
)


def bucket_of(row: sa.Row) -> Bucket:
    """A bucket from a row that has COLUMNS."""
    return Bucket(
        taken=json.loads(row.admitted_at),
        learnt=Limit(row.learnt_calls, row.learnt_seconds) if row.learnt_calls else None,
        closed_until=as_microseconds(row.closed_until) if row.closed_until else 0,
        closed_seconds=row.closed_seconds or 0.0,
    )


def take(bucket: Bucket, moment: int, limits: Sequence[Limit], wanted: int) -> tuple[list[int], Places]:
    """Take up to so many places, none more than AHEAD from now.

    Args:
        bucket: the row as it is, under its lock.
        moment: now, in microseconds.
        limits: all of them hold at once; the learnt one holds too.
        wanted: places that the caller can use.

    Returns:
        The places that the row holds from now on, and the answer to the caller.
    """
    kept = [*limits, bucket.learnt] if bucket.learnt else limits
    windows = [(limit.calls, round(limit.seconds * MICROSECONDS)) for limit in kept]
    spacing = round(max((limit.spacing for limit in kept), default=0.0) * MICROSECONDS)
    oldest = moment - max((window for _, window in windows), default=0)
    horizon = moment + round(AHEAD * MICROSECONDS)
    ahead = bisect_right(bucket.taken, horizon)
    # A clock that was set back leaves places in the far future: they count as the last of those that can be.
    taken = bucket.taken[bisect_right(bucket.taken, oldest) : ahead] + [horizon] * (len(bucket.taken) - ahead)
    opens = bucket.closed_until if bucket.closed_until <= moment + round(LONGEST_CLOSURE * MICROSECONDS) else 0
    waits: list[float] = []
    while True:
        full = (taken[-calls] + window for calls, window in windows if len(taken) >= calls)
        place = max(moment, opens, *full, *(last + spacing for last in taken[-1:]))
        if place > horizon or len(waits) == wanted:
            break
        taken.append(place)
        waits.append((place - moment) / MICROSECONDS)
    # Asked half-way, the books are rarely asked, and never so late that a place is missed.
    ask_again_in = 0.0 if waits else (place - horizon) / MICROSECONDS + AHEAD / 2
    return taken, Places(tuple(waits), ask_again_in, moment / MICROSECONDS)


def closure(bucket: Bucket, moment: int, *, least: float, most: float) -> float:
    """Seconds for which to close a bucket whose limit was met; 0 if it is closed already.

    One call that was too much is forgiven soon. Where the limit is met again and again, because something else spends
    it too, the bucket stays closed for twice as long each time.

    Args:
        bucket: the row as it is.
        moment: now, in microseconds.
        least: what is asked for, or a first try.
        most: what frees the whole window.
    """
    since = (moment - bucket.closed_until) / MICROSECONDS
    if -LONGEST_CLOSURE <= since < 0 and bucket.closed_seconds >= least:
        return 0.0
    again = 2 * bucket.closed_seconds if 0 <= since < FORGIVEN_AFTER else 0.0
    return min(max(least, min(again, most)), LONGEST_CLOSURE)


def store(connection: Connection, name: str, taken: Sequence[int], moment: int) -> None:
    """Write the places of a bucket whose row is locked."""
    # Not json.dumps, which takes twice as long for a list of numbers.
    text = f"[{','.join(map(str, taken))}]"
    connection.execute(_STORE, {"name": name, "taken": text, "moment": as_moment(moment)})


def add(connection: Connection, name: str, moment: dt.datetime) -> None:
    """Make the bucket's row, if there is none."""
    row = {"bucket": name, "admitted_at": "[]", "updated_at": moment}
    upsert(connection, rate_limits, [row], keys=["bucket"], update={"bucket": NEW})


def learn(connection: Connection, name: str, limit: Limit) -> None:
    """Keep what the service says of its limit, for all processes."""
    connection.execute(
        rate_limits.update()
        .where(rate_limits.c.bucket == name)
        .values(learnt_calls=limit.calls, learnt_seconds=limit.seconds)
    )


def close(connection: Connection, name: str, moment: int, seconds: float) -> None:
    """Give out no place for so long, to nobody."""
    until = as_moment(moment + round(seconds * MICROSECONDS))
    connection.execute(
        rate_limits.update().where(rate_limits.c.bucket == name).values(closed_until=until, closed_seconds=seconds)
    )


# Built once: the names of its parameters cost more than the statement itself.
_STORE = (
    rate_limits.update()
    .where(rate_limits.c.bucket == sa.bindparam("name"))
    .values(admitted_at=sa.bindparam("taken"), updated_at=sa.bindparam("moment"))
)
