"""A rate limit that all processes and hosts share: rolling windows, by the database's clock.

A bucket is one row. Whoever holds its lock reads the clock, forgets admissions that no window holds any more, and
either adds one or learns how long to wait. So the limit is exact, however many ask at once.
"""

import json
from collections.abc import Sequence

import sqlalchemy as sa

from babynames_assets.warehouse.clock import microseconds
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.rows import now
from babynames_assets.warehouse.tables import rate_limits

_MICROSECONDS = 1_000_000


def reserve(engine: Engine, bucket: str, limits: Sequence[tuple[int, float]]) -> float:
    """Admit one call, or say when to ask again.

    Args:
        engine: the warehouse.
        bucket: whose limit it is.
        limits: (calls, seconds) of each rolling window; a call must fit into all of them.

    Returns:
        0.0 if the call is admitted, and counted; else the seconds to wait before asking again.
    """
    return run_in_transaction(engine, lambda connection: _reserve(connection, bucket, limits))


def _reserve(connection: Connection, bucket: str, limits: Sequence[tuple[int, float]]) -> float:
    admitted = _locked_admissions(connection, bucket)
    moment = microseconds(connection)
    wait = max((_wait(admitted, moment, calls, seconds) for calls, seconds in limits), default=0)
    if wait > 0:
        if max(admitted) > moment:
            # The clock was set back. Counted as made now only once, or the bucket stays closed until it has caught up.
            _store(connection, bucket, [min(stamp, moment) for stamp in admitted])
        return wait / _MICROSECONDS
    longest = max((seconds for _, seconds in limits), default=0.0)
    kept = [stamp for stamp in admitted if stamp > moment - longest * _MICROSECONDS]
    _store(connection, bucket, [*kept, moment + _resolution(connection)])
    return 0.0


def _wait(admitted: list[int], moment: int, calls: int, seconds: float) -> int:
    """Microseconds until the window has room for one more."""
    window = round(seconds * _MICROSECONDS)
    # A clock that was set back leaves admissions in the future; they count until the window is over again.
    inside = sorted(min(stamp, moment) for stamp in admitted if stamp > moment - window)
    return 0 if len(inside) < calls else inside[-calls] + window - moment


def _locked_admissions(connection: Connection, bucket: str) -> list[int]:
    query = sa.select(rate_limits.c.admitted_at).where(rate_limits.c.bucket == bucket).with_for_update()
    text = connection.scalar(query)
    if text is None:
        connection.execute(rate_limits.insert().values(bucket=bucket, admitted_at="[]", updated_at=now()))
        return []
    return list(json.loads(text))


def _store(connection: Connection, bucket: str, admitted: list[int]) -> None:
    connection.execute(
        rate_limits.update()
        .where(rate_limits.c.bucket == bucket)
        .values(admitted_at=json.dumps(admitted), updated_at=now())
    )


def _resolution(connection: Connection) -> int:
    """Microseconds by which the clock may be late: SQLite's is cut to milliseconds."""
    return 1000 if connection.dialect.name == "sqlite" else 0
