"""Incidents: what is wrong or was, one row for each thing that can be; moments by the database's clock."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, upsert
from babynames_assets.warehouse.tables import incidents

_NEVER = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - as the tables store moments: UTC, without a zone


@dataclass(frozen=True)
class Incident:
    """Something that is wrong, or was; moments are UTC without a zone.

    Attributes:
        id: the row.
        incident_key: what is wrong, such as ``failed_runs/warehouse__baby_names``.
        kind: of the news, as the settings name it.
        news: what a message tells.
        reach: the years that it concerns, or an empty text for what has no years; empty when it is over.
        told_reach: the same, as it was last told.
        opened_at: since when.
        last_seen_at: when it was last found.
        told_at: when it was last told, or the attempt was begun.
        times_seen: how often it was found since it was opened.
        resolved_at: when it was over; None while it lasts.
    """

    id: int
    incident_key: str
    kind: str
    news: Mapping[str, Any]
    reach: frozenset[str]
    told_reach: frozenset[str]
    opened_at: dt.datetime
    last_seen_at: dt.datetime
    told_at: dt.datetime
    times_seen: int
    resolved_at: dt.datetime | None

    @property
    def is_open(self) -> bool:
        """Whether it lasts."""
        return self.resolved_at is None


def make(connection: Connection, keys: Mapping[str, str]) -> None:
    """Make the rows of things that were never wrong before, as if they had been and were over.

    Args:
        connection: a transaction; it keeps the rows from others until its end.
        keys: the kind of each.
    """
    rows = [
        {
            "incident_key": key,
            "kind": kind,
            "news": "{}",
            "reach": "[]",
            "told_reach": "[]",
            "opened_at": _NEVER,
            "last_seen_at": _NEVER,
            "told_at": _NEVER,
            "times_seen": 0,
            "resolved_at": _NEVER,
        }
        for key, kind in sorted(keys.items())
    ]
    upsert(connection, incidents, rows, keys=["incident_key"], update={"incident_key": NEW})


def locked(connection: Connection, keys: Iterable[str]) -> dict[str, Incident]:
    """The incidents of some keys, kept from others until the transaction ends; unknown keys are left out."""
    named = incidents.c.incident_key.in_(list(keys))
    query = incidents.select().where(named).order_by(incidents.c.incident_key).with_for_update()
    return {found.incident_key: found for found in _read(connection, query)}


def save(connection: Connection, incident: Incident) -> None:
    """Write an incident back."""
    values = {**asdict(incident), "news": json.dumps(dict(incident.news), ensure_ascii=False)}
    values |= {name: json.dumps(sorted(getattr(incident, name))) for name in ("reach", "told_reach")}
    connection.execute(incidents.update().where(incidents.c.id == incident.id).values(values))


def open_incidents(connection: Connection) -> list[Incident]:
    """What is wrong now, the oldest first."""
    query = incidents.select().where(incidents.c.resolved_at.is_(None)).order_by(incidents.c.opened_at, incidents.c.id)
    return _read(connection, query)


def are_open(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of some keys that are wrong now."""
    is_open = sa.and_(incidents.c.incident_key.in_(list(keys)), incidents.c.resolved_at.is_(None))
    return set(connection.scalars(sa.select(incidents.c.incident_key).where(is_open)))


def are_known(connection: Connection, keys: Collection[str]) -> set[str]:
    """Those of some keys that are wrong now or were."""
    query = sa.select(incidents.c.incident_key).where(incidents.c.incident_key.in_(list(keys)))
    return set(connection.scalars(query))


def resolved_since(connection: Connection, days: float) -> list[Incident]:
    """What was wrong and is over since so many days, the newest first."""
    since = clock.moment(connection) - dt.timedelta(days=days)
    query = incidents.select().where(incidents.c.resolved_at >= since)
    return _read(connection, query.order_by(incidents.c.resolved_at.desc(), incidents.c.id))


def _read(connection: Connection, query: sa.Select) -> list[Incident]:
    return [
        Incident(
            **{
                **row,
                "news": json.loads(row["news"]),
                "reach": frozenset(json.loads(row["reach"])),
                "told_reach": frozenset(json.loads(row["told_reach"])),
            }
        )
        for row in connection.execute(query).mappings()
    ]
