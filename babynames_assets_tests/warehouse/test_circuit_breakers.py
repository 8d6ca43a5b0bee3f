"""The circuits that all processes share, on every kind of database."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from babynames_assets.errors import CircuitOpenError
from babynames_assets.resilience.circuit_breaker import CircuitBreaker, Outcome, Permit
from babynames_assets.resilience.circuits import Circuit, CircuitTerms
from babynames_assets.warehouse import circuit_breakers
from babynames_assets.warehouse.engine import Engine

TERMS = CircuitTerms(failures=3, failing_seconds=0, open_seconds=60, trial_seconds=60)


def breaker(engine: Engine, terms: CircuitTerms = TERMS) -> CircuitBreaker:
    """That of another process."""
    read, change = (
        partial(circuit_breakers.read, engine, "hubspot"),
        partial(circuit_breakers.change, engine, "hubspot"),
    )
    return CircuitBreaker(read, change, terms, service="HubSpot")


def test_a_service_that_nobody_called_has_a_closed_circuit(engine: Engine) -> None:
    """It has no row yet, and the moment is the database's."""
    circuit, moment = circuit_breakers.read(engine, "hubspot")

    assert circuit == Circuit()
    assert abs(moment - dt.datetime.now(dt.UTC).replace(tzinfo=None)) < dt.timedelta(seconds=5)


def test_a_circuit_is_read_as_it_was_written(engine: Engine) -> None:
    """Every field, to the microsecond; that of another service is another."""
    moment = dt.datetime(2026, 11, 23, 17, 0, 0, 123_456)  # noqa: DTZ001 - as the tables have it
    circuit = Circuit(7, moment, moment + dt.timedelta(1), "somebody", moment + dt.timedelta(2))

    written = circuit_breakers.change(engine, "hubspot", lambda _circuit, _moment: circuit)

    assert written.circuit == circuit_breakers.read(engine, "hubspot").circuit == circuit
    assert circuit_breakers.read(engine, "kaggle").circuit == Circuit()


def test_failures_of_all_threads_and_processes_are_counted(engine: Engine) -> None:
    """Twenty failures at once, by two breakers, are twenty."""
    breakers = [breaker(engine, CircuitTerms(failures=99)) for _ in range(2)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: breakers[number % 2].leave(Permit(), Outcome.FAILED), range(20)))

    assert circuit_breakers.read(engine, "hubspot").circuit.failures == 20


def test_what_one_process_opens_is_open_for_the_next(engine: Engine) -> None:
    """A process that starts afterwards does not call either."""
    first = breaker(engine)
    for _ in range(TERMS.failures):
        first.leave(Permit(), Outcome.FAILED)

    assert leave(breaker(engine)) is None
    assert leave(first) is None


def test_of_many_processes_one_tries(engine: Engine) -> None:
    """When the time is over, one of eight that ask at once has leave; the others have none, and none waits."""
    terms = CircuitTerms(failures=1, failing_seconds=0, open_seconds=0.05, trial_seconds=60)
    breaker(engine, terms).leave(Permit(), Outcome.FAILED)
    asking = [breaker(engine, terms) for _ in range(8)]
    while circuit_breakers.read(engine, "hubspot").circuit.seconds_left(_now(engine), terms):
        pass

    with ThreadPoolExecutor(8) as pool:
        permits = [permit for permit in pool.map(leave, asking) if permit]

    assert len(permits) == 1
    assert permits[0].trial == circuit_breakers.read(engine, "hubspot").circuit.trial_holder


def leave(one: CircuitBreaker) -> Permit | None:
    """Leave for a call, if there is any."""
    try:
        return one.enter()
    except CircuitOpenError:
        return None


def _now(engine: Engine) -> dt.datetime:
    return circuit_breakers.read(engine, "hubspot").moment
