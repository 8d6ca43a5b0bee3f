"""What HubSpot last confirmed of each row, and how the table differs from it.

A row's fingerprint is ``<mapping version>:<births>``: year, sex and name are its identity and cannot change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, delete, now, upsert
from babynames_assets.warehouse.tables import baby_names, contact_sync_state

KEY = ("year", "sex", "name")

NO_FINGERPRINT = ""
"""The fingerprint of a contact of which nobody knows what HubSpot holds."""


@dataclass(frozen=True)
class ChangedContact:
    """A row that HubSpot does not have, or has otherwise."""

    year: int
    sex: str
    name: str
    births: int
    fingerprint: str


@dataclass(frozen=True)
class RemovedContact:
    """A contact whose row has gone; without an id HubSpot never accepted it."""

    year: int
    sex: str
    name: str
    hubspot_id: str | None


@dataclass(frozen=True)
class SyncedContact:
    """A row that HubSpot confirmed."""

    year: int
    sex: str
    name: str
    fingerprint: str
    hubspot_id: str


@dataclass(frozen=True)
class RefusedContact:
    """A row that HubSpot refused; it is not sent again until it changes."""

    year: int
    sex: str
    name: str
    fingerprint: str


@dataclass(frozen=True)
class SyncCounts:
    """Where the contacts of some years stand: ``rows of the table = synced + pending + refused``.

    Attributes:
        synced: HubSpot confirmed the row as it is.
        pending: to be sent.
        refused: HubSpot refused the row as it is.
        to_remove: contacts whose row has gone.
        recorded: rows of the state.
    """

    synced: int
    pending: int
    refused: int
    to_remove: int
    recorded: int


def changed(connection: Connection, year: int, mapping: str) -> list[ChangedContact]:
    """The rows of a year to be sent, in the order of the key."""
    fingerprint = fingerprint_of_row(mapping)
    names = baby_names.c
    query = (
        sa.select(names.year, names.sex, names.name, names.births, fingerprint.label("fingerprint"))
        .select_from(baby_names.outerjoin(contact_sync_state, same_row()))
        .where(names.year == year)
        .where(sa.or_(contact_sync_state.c.name.is_(None), contact_sync_state.c.fingerprint != fingerprint))
        .order_by(names.sex, names.name)
    )
    return [ChangedContact(*row) for row in connection.execute(query)]


def removed(connection: Connection, year: int) -> list[RemovedContact]:
    """The contacts of a year whose row has gone, in the order of the key."""
    state = contact_sync_state.c
    query = (
        sa.select(state.year, state.sex, state.name, state.hubspot_id)
        .select_from(contact_sync_state.outerjoin(baby_names, same_row()))
        .where(state.year == year)
        .where(baby_names.c.name.is_(None))
        .order_by(state.sex, state.name)
    )
    return [RemovedContact(*row) for row in connection.execute(query)]


def record_synced(connection: Connection, contacts: Sequence[SyncedContact]) -> None:
    """Record what HubSpot confirmed."""
    rows = [{**asdict(contact), "status": "synced", "synced_at": now()} for contact in contacts]
    _record(connection, rows, ("fingerprint", "status", "hubspot_id", "synced_at"))


def record_refused(connection: Connection, contacts: Sequence[RefusedContact]) -> None:
    """Record what HubSpot refused; the id of a contact that it had accepted before is kept."""
    rows = [{**asdict(contact), "status": "refused", "hubspot_id": None, "synced_at": now()} for contact in contacts]
    _record(connection, rows, ("fingerprint", "status", "synced_at"))


def forget(connection: Connection, contacts: Iterable[RemovedContact]) -> None:
    """Drop the state of contacts that are archived."""
    keys = [(contact.year, contact.sex, contact.name) for contact in contacts]
    delete(connection, contact_sync_state, keys, KEY)


def counts(connection: Connection, years: Sequence[int] | None, mapping: str) -> SyncCounts:
    """Count where the contacts stand.

    Args:
        connection: the warehouse.
        years: some years, or None for all.
        mapping: the mapping version of today.
    """
    state, names = contact_sync_state.c, baby_names.c
    is_same = state.fingerprint == fingerprint_of_row(mapping)
    rows = _of_years(
        sa.select(
            sa.func.count().label("rows"),
            count_if(sa.and_(is_same, state.status == "synced")).label("synced"),
            count_if(sa.and_(is_same, state.status == "refused")).label("refused"),
        ).select_from(baby_names.outerjoin(contact_sync_state, same_row())),
        names.year,
        years,
    )
    contacts = _of_years(
        sa.select(sa.func.count().label("recorded"), count_if(names.name.is_(None)).label("gone")).select_from(
            contact_sync_state.outerjoin(baby_names, same_row())
        ),
        state.year,
        years,
    )
    table = connection.execute(rows).one()
    recorded = connection.execute(contacts).one()
    synced, refused = int(table.synced), int(table.refused)
    return SyncCounts(
        synced=synced,
        pending=table.rows - synced - refused,
        refused=refused,
        to_remove=int(recorded.gone),
        recorded=recorded.recorded,
    )


def fingerprint_of_row(mapping: str) -> sa.ColumnElement[str]:
    """What is confirmed once HubSpot has the row as it is."""
    return sa.literal(f"{mapping}:").concat(sa.cast(baby_names.c.births, sa.String(16)))


def same_row() -> sa.ColumnElement[bool]:
    """Whether a row of the table and a state are about the same contact."""
    return sa.and_(*(baby_names.c[name] == contact_sync_state.c[name] for name in KEY))


def _record(connection: Connection, rows: list[dict[str, object]], update: Sequence[str]) -> None:
    upsert(connection, contact_sync_state, rows, keys=KEY, update=dict.fromkeys(update, NEW))


def count_if(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """How many rows meet a condition; 0 of none."""
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


def _of_years(query: sa.Select, column: sa.ColumnElement[int], years: Sequence[int] | None) -> sa.Select:
    return query if years is None else query.where(column.in_(years))
