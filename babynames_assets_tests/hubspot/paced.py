"""A client that keeps the real pace: books and circuit in a warehouse, on a clock that a test sets."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import sqlalchemy as sa

from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.limits import ACCOUNT, TIERS, limits_of
from babynames_assets.hubspot.pace import Pace
from babynames_assets.resilience.allowances import DailyTerms
from babynames_assets.resilience.circuit_breaker import CircuitBreaker
from babynames_assets.resilience.circuits import CircuitTerms
from babynames_assets.warehouse import circuit_breakers
from babynames_assets.warehouse.call_books import CallBooks
from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.hubspot.emulated import Clock, Emulated

CIRCUIT = CircuitTerms(failures=4, failing_seconds=0.0, open_seconds=30.0, trial_seconds=60.0)


def pace_of(
    engine: Engine,
    clock: Clock | None = None,
    *,
    tier: str = "professional",
    terms: DailyTerms | None = None,
    circuit: CircuitTerms = CIRCUIT,
) -> Pace:
    """The pace of one process; with a clock, the database's and this machine's are that, and sleeping moves it on."""
    breaker = CircuitBreaker(
        partial(circuit_breakers.read, engine, ACCOUNT),
        partial(circuit_breakers.change, engine, ACCOUNT),
        circuit,
        service="HubSpot",
    )
    terms = terms or DailyTerms(TIERS[tier].calls_per_day)
    if clock is None:
        return Pace(CallBooks(engine, ACCOUNT, limits_of(tier), terms), breaker)
    column = sa.bindparam("clock", callable_=lambda: round(clock() * 1e6), type_=sa.BigInteger())
    books = CallBooks(engine, ACCOUNT, limits_of(tier), terms, clock=column)
    return Pace(books, breaker, sleep=clock.forward, clock=clock)


@contextmanager
def paced_client(hubspot: Emulated, pace: Pace, **changes: Any) -> Iterator[HubSpotClient]:
    """A client at this pace; closed at the end."""
    client = hubspot.client(pace=pace, **changes)
    try:
        yield client
    finally:
        client.close()
