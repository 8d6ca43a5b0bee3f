"""How the table differs from what HubSpot last confirmed: counted by year in the database, and some examples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.sync_state import count_if, fingerprint_of_row, same_row, trusted_id
from babynames_assets.warehouse.tables import baby_names, contact_sync_state

Kind = Literal["create", "update", "archive"]


@dataclass(frozen=True)
class YearDifference:
    """Where a year stands, in contacts: ``rows of the table = create + update + unchanged + refused``.

    Attributes:
        create: rows that HubSpot never accepted; to be sent.
        update: rows that HubSpot holds otherwise; to be sent.
        unchanged: rows that HubSpot confirmed as they are.
        refused: rows that HubSpot refused as they are; they wait for another row, or for a redrive.
        archive: contacts whose row has gone.
        uncertain: those of them of which nobody knows whether HubSpot has them, so that it has to be asked.
        recorded: rows of the state.
    """

    create: int = 0
    update: int = 0
    unchanged: int = 0
    refused: int = 0
    archive: int = 0
    uncertain: int = 0
    recorded: int = 0


@dataclass(frozen=True)
class DifferenceExample:
    """One contact of a difference; births are None where there are none, or where the state does not tell."""

    kind: Kind
    year: int
    sex: str
    name: str
    births_in_hubspot: int | None
    births_in_table: int | None


def by_year(connection: Connection, years: Sequence[int] | None, mapping: str) -> dict[int, YearDifference]:
    """Count where each year stands; a year that neither the table nor the state has is left out.

    Args:
        connection: one transaction, so that the counts belong together.
        years: some years, or None for all.
        mapping: the mapping version of today.
    """
    rows = _rows_by_year(connection, years, mapping)
    recorded = _recorded_by_year(connection, years)
    # Only where the state has more than the table is it worth looking for what has gone: the search reads the year.
    with_gone = [year for year, count in recorded.items() if year not in rows or count > rows[year].recorded]
    gone = _gone_by_year(connection, with_gone) if with_gone else {}
    return {
        year: _difference(rows.get(year), gone.get(year), recorded.get(year, 0))
        for year in sorted(rows.keys() | recorded.keys())
    }


def examples(
    connection: Connection, differences: Mapping[int, YearDifference], mapping: str, *, limit: int
) -> list[DifferenceExample]:
    """Some contacts of each kind, newest years first.

    Args:
        connection: the transaction that counted.
        differences: the counts, which say where to look.
        mapping: the mapping version of today.
        limit: the most of each kind.
    """
    found: list[DifferenceExample] = []
    for kind in ("create", "update", "archive"):
        wanted = limit
        for year in sorted(differences, reverse=True):
            if not wanted:
                break
            if getattr(differences[year], kind):
                rows = connection.execute(_example_query(kind, year, mapping).limit(wanted)).all()
                wanted -= len(rows)
                found += [_example(kind, year, row) for row in rows]
    return found


def archive_calls(connection: Connection, years: Sequence[int], *, size: int) -> tuple[int, int]:
    """The calls that archiving takes: look-ups of contacts whose id cannot be trusted, and archives of the others.

    Args:
        connection: the transaction that counted.
        years: those that have contacts to archive; batches are filled across them.
        size: contacts in a batch.
    """
    state = contact_sync_state.c
    place = sa.func.row_number().over(order_by=(state.year, state.sex, state.name)) - 1
    gone = (
        sa.select(place.label("place"), trusted_id().label("hubspot_id"))
        .select_from(contact_sync_state.outerjoin(baby_names, same_row()))
        .where(state.year.in_(years), baby_names.c.name.is_(None))
        .subquery()
    )
    batch = gone.c.place - gone.c.place % size
    query = sa.select(sa.func.count(), sa.func.count(gone.c.hubspot_id)).group_by(batch)
    batches = [(contacts, trusted) for contacts, trusted in connection.execute(query)]
    return sum(trusted < contacts for contacts, trusted in batches), sum(trusted > 0 for _, trusted in batches)


def births_of(fingerprint: str | None) -> int | None:
    """The births that a fingerprint was made from, if it tells them."""
    digits = (fingerprint or "").rpartition(":")[2]
    return int(digits) if digits.isdecimal() else None


def _rows_by_year(connection: Connection, years: Sequence[int] | None, mapping: str) -> dict[int, sa.Row]:
    state, names = contact_sync_state.c, baby_names.c
    is_same = state.fingerprint == fingerprint_of_row(mapping)
    query = (
        sa.select(
            names.year,
            sa.func.count().label("rows"),
            sa.func.count(state.name).label("recorded"),
            count_if(sa.and_(is_same, state.status == "synced")).label("unchanged"),
            count_if(sa.and_(is_same, state.status == "refused")).label("refused"),
            count_if(sa.and_(sa.not_(is_same), state.hubspot_id.is_not(None))).label("updates"),
        )
        .select_from(baby_names.outerjoin(contact_sync_state, same_row()))
        .group_by(names.year)
    )
    if years is not None:
        query = query.where(names.year.in_(years))
    return {row.year: row for row in connection.execute(query)}


def _recorded_by_year(connection: Connection, years: Sequence[int] | None) -> dict[int, int]:
    state = contact_sync_state.c
    query = sa.select(state.year, sa.func.count()).group_by(state.year)
    if years is not None:
        query = query.where(state.year.in_(years))
    return {year: count for year, count in connection.execute(query)}  # noqa: C416 - a row is no pair to dict()


def _gone_by_year(connection: Connection, years: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Contacts whose row has gone, and those of them whose id can be trusted."""
    state = contact_sync_state.c
    query = (
        sa.select(state.year, sa.func.count(), sa.func.count(trusted_id()))
        .select_from(contact_sync_state.outerjoin(baby_names, same_row()))
        .where(state.year.in_(years), baby_names.c.name.is_(None))
        .group_by(state.year)
    )
    return {year: (gone, trusted) for year, gone, trusted in connection.execute(query)}


def _difference(row: sa.Row | None, gone: tuple[int, int] | None, recorded: int) -> YearDifference:
    rows, unchanged, refused, updates = (
        (row.rows, int(row.unchanged), int(row.refused), int(row.updates)) if row else (0, 0, 0, 0)
    )
    archive, trusted = gone or (0, 0)
    return YearDifference(
        create=rows - unchanged - refused - updates,
        update=updates,
        unchanged=unchanged,
        refused=refused,
        archive=archive,
        uncertain=archive - trusted,
        recorded=recorded,
    )


def _example_query(kind: Kind, year: int, mapping: str) -> sa.Select:
    state, names = contact_sync_state.c, baby_names.c
    if kind == "archive":
        query = sa.select(state.sex, state.name, state.fingerprint, sa.null().label("births"))
        joined = query.select_from(contact_sync_state.outerjoin(baby_names, same_row()))
        chosen = joined.where(state.year == year, names.name.is_(None))
        return chosen.order_by(state.sex, state.name)
    query = sa.select(names.sex, names.name, state.fingerprint, names.births)
    joined = query.select_from(baby_names.outerjoin(contact_sync_state, same_row())).where(names.year == year)
    if kind == "update":
        chosen = joined.where(state.fingerprint != fingerprint_of_row(mapping), state.hubspot_id.is_not(None))
    else:
        is_new = sa.or_(state.name.is_(None), state.fingerprint != fingerprint_of_row(mapping))
        chosen = joined.where(is_new, state.hubspot_id.is_(None))
    return chosen.order_by(names.sex, names.name)


def _example(kind: Kind, year: int, row: sa.Row) -> DifferenceExample:
    sex, name, fingerprint, births = row
    before = None if kind == "create" else births_of(fingerprint)
    return DifferenceExample(kind, year, sex, name, before, births)
