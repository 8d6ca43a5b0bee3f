"""The circuits of services that can be down: a row a service, which all processes and hosts share."""

import datetime as dt
from collections.abc import Callable
from dataclasses import asdict, fields

import sqlalchemy as sa

from babynames_assets.resilience.circuits import Circuit, Seen
from babynames_assets.warehouse.clock import Clock, as_moment
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.rows import NEW, upsert
from babynames_assets.warehouse.tables import circuit_breakers

_COLUMNS = [circuit_breakers.c[field.name] for field in fields(Circuit)]


def read(engine: Engine, service: str) -> Seen:
    """The circuit of a service as it is."""
    with connect(engine) as connection:
        row = connection.execute(_QUERY, {"of_service": service}).one_or_none()
        return _seen(row) if row else Seen(Circuit(), as_moment(connection.execute(sa.select(Clock())).scalar_one()))


def change(engine: Engine, service: str, to: Callable[[Circuit, dt.datetime], Circuit]) -> Seen:
    """Replace the circuit of a service, while nobody else changes it.

    Args:
        engine: the warehouse.
        service: its name.
        to: what the circuit becomes at a moment; may be called more than once.
    """
    return run_in_transaction(engine, lambda connection: _change(connection, service, to))


def _change(connection: Connection, service: str, to: Callable[[Circuit, dt.datetime], Circuit]) -> Seen:
    upsert(connection, circuit_breakers, [{"name": service, "failures": 0}], keys=["name"], update={"name": NEW})
    circuit, moment = _seen(connection.execute(_QUERY.with_for_update(), {"of_service": service}).one())
    changed = to(circuit, moment)
    if changed != circuit:
        row = circuit_breakers.c.name == service
        connection.execute(circuit_breakers.update().where(row).values(asdict(changed)))
    return Seen(changed, moment)


def _seen(row: sa.Row) -> Seen:
    *state, moment = row
    return Seen(Circuit(*state), as_moment(moment))


_QUERY = sa.select(*_COLUMNS, Clock().label("now")).where(circuit_breakers.c.name == sa.bindparam("of_service"))
