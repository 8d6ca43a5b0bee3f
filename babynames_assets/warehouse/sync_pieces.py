"""What differs between table and state, a piece at a time, so that memory does not grow with the work.

A piece is marked ``in_doubt`` in the transaction that reads it, before anything of it is sent. Whoever crashes then
leaves behind of which contacts HubSpot may hold something else than the state knows, also when the row is changed back,
or deleted, before the next run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from babynames_assets.warehouse import json_rows
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import now, upsert_of
from babynames_assets.warehouse.sync_state import (
    KEY,
    NO_FINGERPRINT,
    ChangedContact,
    RemovedContact,
    fingerprint_of_row,
    same_row,
    trusted_id,
)
from babynames_assets.warehouse.tables import baby_names, contact_sync_state

ROWS_IN_PIECE = 5000

Place = tuple[str, str]
"""Sex and name of the last row of a piece: the next one begins behind it."""


@dataclass(frozen=True)
class Removals:
    """How many contacts of a year have no row any more, of how many that the state knows."""

    year: int
    gone: int
    known: int


def next_changed(
    connection: Connection, year: int, mapping: str, *, after: Place | None = None, limit: int = ROWS_IN_PIECE
) -> list[ChangedContact]:
    """The next rows of a year to be sent, in the order of the key, marked as in doubt.

    Args:
        connection: a transaction.
        year: the partition.
        mapping: the mapping version of today.
        after: where the piece before ended.
        limit: the most rows.
    """
    names = baby_names.c
    differs = sa.and_(names.year == year, is_behind(baby_names, after), _differs(mapping))
    last = _last_of(connection, _with_state(names.sex, names.name).where(differs), baby_names, limit)
    if last is None:
        return []
    _mark(connection, sa.and_(differs, _is_up_to(baby_names, last)))
    # Read after it is marked, so that no row is sent that is not: a load may have deleted rows in between.
    query = (
        sa.select(names.year, names.sex, names.name, names.births, fingerprint_of_row(mapping))
        .select_from(baby_names.join(contact_sync_state, same_row()))
        .where(names.year == year, is_behind(baby_names, after), _is_up_to(baby_names, last))
        .where(contact_sync_state.c.status == "in_doubt")
    )
    # All databases keep the names in the order of their code points, as Python does.
    return [ChangedContact(*row) for row in sorted(json_rows.fetch(connection, query))]


def next_removed(
    connection: Connection, year: int, *, after: Place | None = None, limit: int = ROWS_IN_PIECE
) -> list[RemovedContact]:
    """The next contacts of a year whose row has gone, in the order of the key, marked as in doubt.

    One that was in doubt before has no id here: what HubSpot has under that key may be another contact by now.

    Args:
        connection: a transaction.
        year: the partition.
        after: where the piece before ended.
        limit: the most contacts.
    """
    state = contact_sync_state.c
    is_gone = sa.and_(state.year == year, _has_no_row(), is_behind(contact_sync_state, after))
    query = (
        sa.select(state.year, state.sex, state.name, trusted_id())
        .where(is_gone)
        .order_by(state.sex, state.name)
        .limit(limit)
    )
    found = [RemovedContact(*row) for row in connection.execute(query)]
    if found:
        last = (found[-1].sex, found[-1].name)
        connection.execute(
            contact_sync_state.update()
            .where(is_gone, _is_up_to(contact_sync_state, last))
            .values(status="in_doubt", fingerprint=NO_FINGERPRINT)
        )
    return found


def removals(connection: Connection, years: Sequence[int]) -> list[Removals]:
    """Those of some years that have contacts whose row has gone."""
    state = contact_sync_state.c
    gone = sa.func.sum(sa.case((baby_names.c.name.is_(None), 1), else_=0))
    query = (
        sa.select(state.year, gone, sa.func.count())
        .select_from(contact_sync_state.outerjoin(baby_names, same_row()))
        .where(state.year.in_(years))
        .group_by(state.year)
        .having(gone > 0)
        .order_by(state.year)
    )
    return [Removals(year, int(gone), known) for year, gone, known in connection.execute(query)]


def unfinished_years(connection: Connection, years: Sequence[int], mapping: str) -> list[int]:
    """Those of some years that have something to send or to archive."""
    names = baby_names.c
    to_send = _with_state(names.year).where(names.year.in_(years), _differs(mapping)).distinct()
    return sorted({*connection.scalars(to_send), *(of_year.year for of_year in removals(connection, years))})


def _differs(mapping: str) -> sa.ColumnElement[bool]:
    state = contact_sync_state.c
    return sa.or_(state.name.is_(None), state.fingerprint != fingerprint_of_row(mapping))


def is_behind(table: sa.Table, place: Place | None) -> sa.ColumnElement[bool]:
    """Behind a place in the order of the key: in this form all databases find the range by the key."""
    if place is None:
        return sa.true()
    sex, name = place
    return sa.or_(table.c.sex > sex, sa.and_(table.c.sex == sex, table.c.name > name))


def _mark(connection: Connection, which: sa.ColumnElement[bool]) -> None:
    """Enter rows of the table into the state as in doubt; the id of a contact that HubSpot has accepted stays."""
    values = {
        **{name: baby_names.c[name] for name in KEY},
        "fingerprint": sa.literal(NO_FINGERPRINT, sa.String(64)),
        "status": sa.literal("in_doubt", sa.String(16)),
        "synced_at": sa.literal(now(), contact_sync_state.c.synced_at.type),
    }
    rows = _with_state(*values.values()).where(which)
    changes = {"fingerprint": NO_FINGERPRINT, "status": "in_doubt"}
    connection.execute(upsert_of(connection.dialect, contact_sync_state, list(values), rows, keys=KEY, update=changes))


def _last_of(connection: Connection, rows: sa.Select, table: sa.Table, limit: int) -> Place | None:
    """Where the piece ends that begins with these rows."""
    piece = rows.order_by(table.c.sex, table.c.name).limit(limit).subquery()
    found = connection.execute(
        sa.select(piece.c.sex, piece.c.name).order_by(piece.c.sex.desc(), piece.c.name.desc()).limit(1)
    ).one_or_none()
    return None if found is None else (found.sex, found.name)


def _with_state(*columns: sa.ColumnElement) -> sa.Select:
    return sa.select(*columns).select_from(baby_names.outerjoin(contact_sync_state, same_row()))


def _has_no_row() -> sa.ColumnElement[bool]:
    return ~sa.exists().where(same_row()).correlate(contact_sync_state)


def _is_up_to(table: sa.Table, place: Place) -> sa.ColumnElement[bool]:
    sex, name = place
    return sa.or_(table.c.sex < sex, sa.and_(table.c.sex == sex, table.c.name <= name))
