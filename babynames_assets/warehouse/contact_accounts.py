"""Where every row of the table stands with HubSpot, and what states have no row: each counted in its own table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from babynames_assets.warehouse import sync_differences
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.sync_state import fingerprint_of_row, same_row
from babynames_assets.warehouse.tables import baby_names, contact_sync_state, dead_letters, ledger

_LETTERS = ("open", "retrying", "discarded")
"""Letters that account for a refused contact: a resolved one says that it is not refused any more."""


@dataclass(frozen=True)
class YearAccount:
    """A year's account: ``rows = synced + pending + dead_letters``.

    Attributes:
        rows: rows of the table, counted there.
        synced: HubSpot confirmed the row as it is.
        pending: to be sent.
        refused: HubSpot refused the row as it is.
        dead_letters: refused rows that have their letter.
        to_remove: states without a row, because a load took the row away afterwards.
        without_row: states without a row that no load explains.
    """

    rows: int
    synced: int
    pending: int
    refused: int
    dead_letters: int
    to_remove: int
    without_row: int


def by_year(connection: Connection, years: Sequence[int] | None, mapping: str) -> dict[int, YearAccount]:
    """The account of each year that the table or the state has.

    Args:
        connection: one transaction, so that the counts belong together.
        years: some years, or None for all.
        mapping: the mapping version of today.
    """
    found = sync_differences.by_year(connection, years, mapping)
    rows = _rows(connection, years)
    lettered = _lettered(connection, [year for year, one in found.items() if one.refused], mapping)
    ghosts = _ghosts(connection, [year for year, one in found.items() if one.archive])
    return {
        year: YearAccount(
            rows=rows.get(year, 0),
            synced=one.unchanged,
            pending=one.create + one.update,
            refused=one.refused,
            dead_letters=lettered.get(year, 0),
            to_remove=one.archive - ghosts.get(year, 0),
            without_row=ghosts.get(year, 0),
        )
        for year, one in found.items()
    }


def states_without_row(connection: Connection, year: int, *, limit: int) -> list[tuple[str, str, str | None]]:
    """Sex, name and HubSpot's id of some states of a year that have no row, and that no load explains."""
    columns = contact_sync_state.c
    query = _without_row(columns.sex, columns.name, columns.hubspot_id).where(columns.year == year).limit(limit)
    return [(row.sex, row.name, row.hubspot_id) for row in connection.execute(query)]


def refused_without_letter(connection: Connection, year: int, mapping: str, *, limit: int) -> list[tuple[str, str]]:
    """Sex and name of some refused rows of a year that have no dead letter."""
    columns = contact_sync_state.c
    query = _refused(mapping, columns.sex, columns.name).where(columns.year == year, dead_letters.c.id.is_(None))
    return [(row.sex, row.name) for row in connection.execute(query.limit(limit))]


def _rows(connection: Connection, years: Sequence[int] | None) -> Mapping[int, int]:
    query = sa.select(baby_names.c.year, sa.func.count().label("rows")).group_by(baby_names.c.year)
    if years is not None:
        query = query.where(baby_names.c.year.in_(years))
    return {row.year: row.rows for row in connection.execute(query)}


def _lettered(connection: Connection, years: Sequence[int], mapping: str) -> Mapping[int, int]:
    if not years:
        return {}
    year = contact_sync_state.c.year
    query = _refused(mapping, year, sa.func.count(dead_letters.c.id).label("letters")).where(year.in_(years))
    return {row.year: row.letters for row in connection.execute(query.group_by(year))}


def _refused(mapping: str, *columns: sa.ColumnElement) -> sa.Select:
    """Rows that HubSpot refused as they are, with the letter of each."""
    state, letter = contact_sync_state.c, dead_letters.c
    key = sa.cast(state.year, sa.String(4)).concat("-").concat(state.sex).concat("-").concat(state.name)
    has_letter = sa.and_(letter.service == "sync", letter.letter_key == key, letter.status.in_(_LETTERS))
    joined = contact_sync_state.join(baby_names, same_row()).outerjoin(dead_letters, has_letter)
    is_refused = sa.and_(state.status == "refused", state.fingerprint == fingerprint_of_row(mapping))
    return sa.select(*columns).select_from(joined).where(is_refused)


def _ghosts(connection: Connection, years: Sequence[int]) -> Mapping[int, int]:
    if not years:
        return {}
    year = contact_sync_state.c.year
    query = _without_row(year, sa.func.count().label("states")).where(year.in_(years)).group_by(year)
    return {row.year: row.states for row in connection.execute(query)}


def _without_row(*columns: sa.ColumnElement) -> sa.Select:
    """States that have no row, although no load of the year was later than they are."""
    state, entry = contact_sync_state.c, ledger.c
    of_year = sa.and_(entry.year == state.year, entry.is_current)
    joined = contact_sync_state.outerjoin(baby_names, same_row()).outerjoin(ledger, of_year)
    is_later = sa.or_(entry.loaded_at.is_(None), state.synced_at >= entry.loaded_at)
    return sa.select(*columns).select_from(joined).where(baby_names.c.name.is_(None), is_later)
