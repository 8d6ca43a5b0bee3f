"""What HubSpot should hold, for whoever reads it back: what was confirmed of rows that have not changed since.

Rows that are to be sent, that were refused, or that have gone are left out: the next sync deals with them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

import sqlalchemy as sa

from babynames_assets.warehouse import synced_years
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import ROWS_IN_STATEMENT
from babynames_assets.warehouse.sync_pieces import Place, is_behind
from babynames_assets.warehouse.sync_state import KEY, NO_FINGERPRINT, fingerprint_of_row, same_row
from babynames_assets.warehouse.tables import baby_names, contact_sync_state

RowKey = tuple[int, str, str]
"""Year, sex and name."""


@dataclass(frozen=True, slots=True)
class ConfirmedContact:
    """A row as HubSpot confirmed it."""

    year: int
    sex: str
    name: str
    births: int
    fingerprint: str
    hubspot_id: str


def next_confirmed(
    connection: Connection, year: int, mapping: str, *, after: Place | None, limit: int
) -> list[ConfirmedContact]:
    """The next rows of a year that HubSpot confirmed as they are, in the order of the key.

    Args:
        connection: the warehouse.
        year: the partition.
        mapping: the mapping version of today.
        after: sex and name of the last row that was read.
        limit: the most rows.
    """
    query = _confirmed(mapping).where(baby_names.c.year == year, is_behind(baby_names, after)).limit(limit)
    return [ConfirmedContact(*row) for row in connection.execute(query.order_by(baby_names.c.sex, baby_names.c.name))]


def year_range(connection: Connection) -> tuple[int, int] | None:
    """The first and the last year that the table or the state has; None where both are empty."""
    columns = [table.c.year for table in (baby_names, contact_sync_state)]
    ends = [connection.execute(sa.select(sa.func.min(year), sa.func.max(year))).one() for year in columns]
    found = [year for pair in ends for year in pair if year is not None]
    return (min(found), max(found)) if found else None


def sample(
    connection: Connection, years: Sequence[int] | None, mapping: str, *, size: int, rng: Random
) -> list[ConfirmedContact]:
    """Some of the rows of some years that HubSpot confirmed, each as likely as any other.

    Args:
        connection: one transaction, so that counts and rows belong together.
        years: the partitions, or None for all.
        mapping: the mapping version of today.
        size: how many; fewer if there are fewer.
        rng: chooses them.
    """
    state = contact_sync_state.c
    query = sa.select(state.year, sa.func.count()).where(state.status == "synced")
    if years is not None:
        query = query.where(state.year.in_(years))
    counts = connection.execute(query.group_by(state.year).order_by(state.year)).all()
    chosen = sorted(rng.sample(range(total), min(size, total))) if (total := sum(count for _, count in counts)) else []
    found: list[ConfirmedContact] = []
    first = 0
    for year, count in counts:
        places = [place - first for place in chosen if first <= place < first + count]
        first += count
        found += _at_places(connection, year, mapping, places) if places else []
    return found


def unchanged(connection: Connection, contacts: Sequence[ConfirmedContact]) -> list[ConfirmedContact]:
    """Those whose state is still what it was when they were read: nobody has written them since."""
    states = _states(connection, [(one.year, one.sex, one.name) for one in contacts])
    return [
        one
        for one in contacts
        if states.get((one.year, one.sex, one.name)) == ("synced", one.fingerprint, one.hubspot_id)
    ]


def doubt(connection: Connection, contacts: Iterable[ConfirmedContact], *, is_there: bool) -> None:
    """Have the next sync send contacts again, unless somebody has written them since; their years are behind by then.

    Args:
        connection: a transaction.
        contacts: as they were read.
        is_there: whether HubSpot has the contact, so that it will be updated and not created.
    """
    state = contact_sync_state.c
    values: dict[str, object] = {"status": "in_doubt", "fingerprint": NO_FINGERPRINT}
    if not is_there:
        values["hubspot_id"] = None
    names = (*KEY, "fingerprint")
    statement = (
        contact_sync_state.update()
        .where(*(state[name] == sa.bindparam(f"its_{name}") for name in names), state.status == "synced")
        .values(values)
    )
    rows = [{f"its_{name}": getattr(one, name) for name in names} for one in contacts]
    if rows:
        connection.execute(statement, rows)
        synced_years.forget(connection, {row["its_year"] for row in rows})


def without_row(connection: Connection, keys: Sequence[RowKey]) -> set[RowKey]:
    """Those of some contacts of which neither the table nor the state knows."""
    known: set[RowKey] = set()
    for table in (baby_names, contact_sync_state):
        for chunk in _chunks(keys):
            columns = sa.tuple_(*(table.c[name] for name in KEY))
            query = sa.select(*(table.c[name] for name in KEY)).where(columns.in_(chunk))
            known |= {(year, sex, name) for year, sex, name in connection.execute(query)}
    return set(keys) - known


def _confirmed(mapping: str) -> sa.Select:
    state, names = contact_sync_state.c, baby_names.c
    return (
        sa.select(names.year, names.sex, names.name, names.births, state.fingerprint, state.hubspot_id)
        .select_from(baby_names.join(contact_sync_state, same_row()))
        .where(state.status == "synced", state.fingerprint == fingerprint_of_row(mapping))
    )


def _at_places(connection: Connection, year: int, mapping: str, places: Sequence[int]) -> list[ConfirmedContact]:
    """The rows at some places of the year's confirmed contacts, those left out that are pending by now."""
    state = contact_sync_state.c
    place = sa.func.row_number().over(order_by=(state.sex, state.name)) - 1
    counted = (
        sa.select(state.sex, state.name, place.label("place"))
        .where(state.year == year, state.status == "synced")
        .subquery()
    )
    query = sa.select(counted.c.sex, counted.c.name).where(counted.c.place.in_(places))
    keys = [(year, sex, name) for sex, name in connection.execute(query)]
    found: list[ConfirmedContact] = []
    for chunk in _chunks(keys):
        chosen = sa.tuple_(*(baby_names.c[name] for name in KEY)).in_(chunk)
        found += [ConfirmedContact(*row) for row in connection.execute(_confirmed(mapping).where(chosen))]
    return found


def _states(connection: Connection, keys: Sequence[RowKey]) -> dict[RowKey, tuple[str, str, str | None]]:
    state = contact_sync_state.c
    found: dict[RowKey, tuple[str, str, str | None]] = {}
    for chunk in _chunks(keys):
        query = sa.select(*(state[name] for name in KEY), state.status, state.fingerprint, state.hubspot_id)
        for row in connection.execute(query.where(sa.tuple_(*(state[name] for name in KEY)).in_(chunk))):
            found[row.year, row.sex, row.name] = (row.status, row.fingerprint, row.hubspot_id)
    return found


def _chunks(keys: Sequence[RowKey]) -> Iterable[Sequence[RowKey]]:
    return (keys[start : start + ROWS_IN_STATEMENT] for start in range(0, len(keys), ROWS_IN_STATEMENT))
