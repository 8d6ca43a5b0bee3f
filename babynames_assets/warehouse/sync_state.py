"""What HubSpot last confirmed of each row.

A row's fingerprint is ``<mapping version>:<births>``: year, sex and name are its identity and cannot change. While a
write of a contact is under way its state is ``in_doubt``, with a fingerprint that no row has: whatever becomes of the
write, and of the row, the contact is looked at again until an outcome is recorded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import sqlalchemy as sa

from babynames_assets.warehouse import json_rows
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, delete, now, upsert_of
from babynames_assets.warehouse.tables import baby_names, contact_sync_state

KEY = ("year", "sex", "name")

NO_FINGERPRINT = ""
"""The fingerprint of a contact of which nobody knows what HubSpot holds."""

_COLUMNS = [*KEY, "fingerprint", "hubspot_id", "status", "synced_at"]
_Recorded = tuple[int, str, str, str, str | None]
"""Year, sex, name, fingerprint and HubSpot's id."""


@dataclass(frozen=True, slots=True)
class ChangedContact:
    """A row that HubSpot does not have, or has otherwise, or of which nobody knows."""

    year: int
    sex: str
    name: str
    births: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class RemovedContact:
    """A contact whose row has gone; without an id HubSpot has to be asked whether it is there."""

    year: int
    sex: str
    name: str
    hubspot_id: str | None


@dataclass(frozen=True, slots=True)
class SyncedContact:
    """A row that HubSpot confirmed."""

    year: int
    sex: str
    name: str
    fingerprint: str
    hubspot_id: str


@dataclass(frozen=True, slots=True)
class RefusedContact:
    """A row that HubSpot refused; it is not sent again until it changes."""

    year: int
    sex: str
    name: str
    fingerprint: str


def as_they_are(
    connection: Connection, keys: Iterable[tuple[int, str, str]], mapping: str
) -> list[tuple[ChangedContact, bool]]:
    """Some rows as the table has them now, each with whether HubSpot confirmed it so; rows that have gone are left out.

    Args:
        connection: the warehouse.
        keys: year, sex and name of a few rows.
        mapping: the mapping version of today.
    """
    wanted: dict[tuple[int, str], list[str]] = {}
    for year, sex, name in keys:
        wanted.setdefault((year, sex), []).append(name)
    if not wanted:
        return []
    names, state, fingerprint = baby_names.c, contact_sync_state.c, fingerprint_of_row(mapping)
    is_confirmed = sa.and_(state.status == "synced", state.fingerprint == fingerprint)
    # One condition a year and sex: lists of whole keys are no range of the index for every server.
    any_of = (
        sa.and_(names.year == year, names.sex == sex, names.name.in_(some)) for (year, sex), some in wanted.items()
    )
    query = (
        sa.select(*(names[name] for name in (*KEY, "births")), fingerprint, sa.func.coalesce(is_confirmed, sa.false()))
        .select_from(baby_names.outerjoin(contact_sync_state, same_row()))
        .where(sa.or_(*any_of))
        .order_by(names.year, names.sex, names.name)
    )
    return [(ChangedContact(*row[:-1]), bool(row[-1])) for row in connection.execute(query)]


def record_synced(connection: Connection, contacts: Sequence[SyncedContact]) -> None:
    """Record what HubSpot confirmed."""
    rows = [(one.year, one.sex, one.name, one.fingerprint, one.hubspot_id) for one in contacts]
    _record(connection, "synced", rows, ("fingerprint", "status", "hubspot_id", "synced_at"))


def record_refused(connection: Connection, contacts: Sequence[RefusedContact]) -> None:
    """Record what HubSpot refused; the id of a contact that it had accepted before is kept."""
    rows = [(one.year, one.sex, one.name, one.fingerprint, None) for one in contacts]
    _record(connection, "refused", rows, ("fingerprint", "status", "synced_at"))


def record_doubt(connection: Connection, contacts: Iterable[ChangedContact | RemovedContact]) -> None:
    """Record that nobody knows what HubSpot holds of these contacts."""
    rows = [(one.year, one.sex, one.name, NO_FINGERPRINT, None) for one in contacts]
    _record(connection, "in_doubt", rows, ("fingerprint", "status"))


def forget(connection: Connection, contacts: Iterable[RemovedContact]) -> None:
    """Drop the state of contacts that are archived."""
    keys = [(contact.year, contact.sex, contact.name) for contact in contacts]
    delete(connection, contact_sync_state, keys, KEY)


def fingerprint_of_row(mapping: str) -> sa.ColumnElement[str]:
    """What is confirmed once HubSpot has the row as it is."""
    return sa.literal(f"{mapping}:").concat(sa.cast(baby_names.c.births, sa.String(16)))


def same_row() -> sa.ColumnElement[bool]:
    """Whether a row of the table and a state are about the same contact."""
    return sa.and_(*(baby_names.c[name] == contact_sync_state.c[name] for name in KEY))


def trusted_id() -> sa.ColumnElement[str | None]:
    """The contact's id, or null where what HubSpot has under that key may be another contact by now."""
    state = contact_sync_state.c
    return sa.case((state.status == "in_doubt", sa.null()), else_=state.hubspot_id)


def _record(connection: Connection, status: str, contacts: Iterable[_Recorded], update: tuple[str, ...]) -> None:
    moment = now().isoformat(sep=" ", timespec="microseconds")
    rows = [(*contact, status, moment) for contact in contacts]
    if rows:
        connection.execute(_recording(connection.dialect, update), json_rows.as_parameter(rows))


@lru_cache(maxsize=16)
def _recording(dialect: sa.Dialect, update: tuple[str, ...]) -> sa.Insert:
    """The statement that records states which are given; of a contact that has one, these columns."""
    given = json_rows.as_select(dialect, tuple(contact_sync_state.c[name] for name in _COLUMNS))
    return upsert_of(dialect, contact_sync_state, _COLUMNS, given, keys=KEY, update=dict.fromkeys(update, NEW))


def count_if(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """How many rows meet a condition; 0 of none."""
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)
