"""Readings back of HubSpot that are under way: how far each came, so that the next run goes on from there."""

import datetime as dt

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, upsert
from babynames_assets.warehouse.tables import reconciliations

RESUMED = dt.timedelta(days=7)
"""What was left longer ago is begun anew: HubSpot will have changed."""


def unfinished(connection: Connection, task: str) -> str | None:
    """The progress of a task that was left lately; None if there is none."""
    columns = reconciliations.c
    query = sa.select(columns.progress).where(
        columns.task == task,
        columns.finished_at.is_(None),
        columns.updated_at > clock.moment(connection) - RESUMED,
    )
    return connection.scalar(query)


def begin(connection: Connection, task: str, progress: str) -> None:
    """Enter a task, in the place of what was entered for it before."""
    now = clock.moment(connection)
    row = {"task": task, "progress": progress, "begun_at": now, "updated_at": now, "finished_at": None}
    upsert(connection, reconciliations, [row], keys=["task"], update=dict.fromkeys(row, NEW))


def save(connection: Connection, task: str, progress: str, *, is_finished: bool = False) -> None:
    """Enter how far a task came."""
    now = clock.moment(connection)
    connection.execute(
        reconciliations.update()
        .where(reconciliations.c.task == task)
        .values(progress=progress, updated_at=now, finished_at=now if is_finished else None)
    )
