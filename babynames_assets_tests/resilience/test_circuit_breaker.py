"""The breaker gives leave for calls: at once, without asking each time, and to one alone when the service was down."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest
from structlog.testing import capture_logs

from babynames_assets.errors import CircuitOpenError, RetryableError
from babynames_assets.resilience.circuit_breaker import KNOWN_FOR, CircuitBreaker, Outcome, Permit
from babynames_assets.resilience.circuits import Circuit, CircuitTerms, Seen
from babynames_assets_tests.hubspot.free_pace import CircuitInMemory

TERMS = CircuitTerms(failures=2, failing_seconds=10, open_seconds=30, trial_seconds=100)


class Service:
    """A circuit in memory, and the breakers of some processes on one clock."""

    def __init__(self) -> None:
        """Begin closed."""
        self.circuit, self.now = CircuitInMemory(), 0.0

    def breaker(self) -> CircuitBreaker:
        """That of another process."""
        circuit = self.circuit
        return CircuitBreaker(circuit.read, circuit.change, TERMS, service="The service", clock=lambda: self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass everywhere."""
        self.now += seconds
        self.circuit.moment += dt.timedelta(seconds=seconds)

    def open(self, breaker: CircuitBreaker) -> None:
        """Fail until it is open."""
        breaker.leave(breaker.enter(), Outcome.FAILED)
        self.wait(TERMS.failing_seconds)
        breaker.leave(breaker.enter(), Outcome.FAILED)


@pytest.fixture
def service() -> Service:
    """One that is well."""
    return Service()


def test_on_good_days_nothing_is_asked_but_four_times_a_second(service: Service) -> None:
    """A thousand calls in a second read the circuit four times and write nothing."""
    breaker = service.breaker()

    for _ in range(1000):
        breaker.leave(breaker.enter(), Outcome.ANSWERED)
        service.wait(0.001)

    assert 4 <= service.circuit.reads <= 5
    assert service.circuit.changes == 0


def test_an_open_circuit_fails_at_once_and_says_for_how_long(service: Service) -> None:
    """The error names the service and the time; no call is made."""
    breaker = service.breaker()
    service.open(breaker)
    service.wait(10)

    with pytest.raises(CircuitOpenError, match=r"The service could not answer 2 calls in a row .* In 20 s") as caught:
        breaker.enter()

    assert caught.value.retry_after == 20


def test_who_did_not_see_the_failures_hears_of_them(service: Service) -> None:
    """Another process leaves the service alone a quarter of a second later."""
    failing, other = service.breaker(), service.breaker()
    other.leave(other.enter(), Outcome.ANSWERED)
    service.open(failing)
    service.wait(KNOWN_FOR)

    with pytest.raises(CircuitOpenError):
        other.enter()


def test_an_answer_of_any_process_ends_a_row_of_failures(service: Service) -> None:
    """A service that answers somebody is not down."""
    failing, other = service.breaker(), service.breaker()
    failing.leave(failing.enter(), Outcome.FAILED)
    service.wait(TERMS.failing_seconds)

    other.leave(other.enter(), Outcome.ANSWERED)
    failing.leave(failing.enter(), Outcome.FAILED)

    assert service.circuit.circuit.is_closed
    assert service.circuit.circuit.failures == 1


def test_a_call_that_nobody_was_asked_about_says_nothing(service: Service) -> None:
    """A day that is spent, for example, is neither an answer nor a failure."""
    breaker = service.breaker()
    breaker.leave(breaker.enter(), Outcome.FAILED)

    breaker.leave(breaker.enter(), Outcome.NOT_MADE)

    assert service.circuit.circuit.failures == 1


def test_one_of_many_calls_tries_a_service_that_was_down(service: Service) -> None:
    """When the time is over, of sixteen threads of two processes one has leave."""
    breakers = [service.breaker(), service.breaker()]
    service.open(breakers[0])
    service.wait(TERMS.open_seconds)
    lock, start = Lock(), Barrier(16)
    change = service.circuit.change
    service.circuit.change = lambda to: _locked(lock, lambda: change(to))  # type: ignore[method-assign]
    breakers = [service.breaker(), service.breaker()]

    def enter(number: int) -> Permit | None:
        start.wait(10)
        try:
            return breakers[number % 2].enter()
        except CircuitOpenError:
            return None

    with ThreadPoolExecutor(16) as pool:
        permits = [permit for permit in pool.map(enter, range(16)) if permit]

    assert len(permits) == 1
    assert permits[0].trial is not None


def _locked(lock: Lock, work: object) -> Seen:
    with lock:
        assert callable(work)
        seen: Seen = work()
        return seen


def test_a_trial_that_succeeds_lets_everybody_call_again(service: Service) -> None:
    """The circuit is closed for all processes, and the log says so."""
    breaker, other = service.breaker(), service.breaker()
    service.open(breaker)
    service.wait(TERMS.open_seconds)

    with capture_logs() as logs:
        breaker.leave(breaker.enter(), Outcome.ANSWERED)

    assert other.enter() == Permit()
    assert [line["event"] for line in logs] == ["circuit_trial_begun", "circuit_closed"]


def test_a_trial_that_fails_begins_the_wait_anew(service: Service) -> None:
    """The service is left alone for as long again."""
    breaker = service.breaker()
    service.open(breaker)
    service.wait(TERMS.open_seconds)
    breaker.leave(breaker.enter(), Outcome.FAILED)
    service.wait(TERMS.open_seconds - 1)

    with pytest.raises(CircuitOpenError):
        breaker.enter()

    service.wait(1)
    assert breaker.enter().trial


def test_a_trial_that_is_not_made_is_anybody_s(service: Service) -> None:
    """Who had leave and found the day spent, say, does not hold up the others."""
    breaker, other = service.breaker(), service.breaker()
    service.open(breaker)
    service.wait(TERMS.open_seconds)
    breaker.leave(breaker.enter(), Outcome.NOT_MADE)

    assert other.enter().trial


def test_while_somebody_tries_all_others_wait(service: Service) -> None:
    """They are told to come back when the circuit could be open again at the latest."""
    breaker, other = service.breaker(), service.breaker()
    service.open(breaker)
    service.wait(TERMS.open_seconds)
    breaker.enter()

    with pytest.raises(CircuitOpenError):
        other.enter()


def test_the_trial_of_a_process_that_died_is_taken_over(service: Service) -> None:
    """After the time that a trial may take, the next one has it."""
    breaker, other = service.breaker(), service.breaker()
    service.open(breaker)
    service.wait(TERMS.open_seconds)
    breaker.enter()
    service.wait(TERMS.trial_seconds)

    assert other.enter().trial


def test_an_outcome_that_cannot_be_recorded_does_not_cost_the_answer(service: Service) -> None:
    """A warehouse that is gone when a call ends is a line in the log."""

    def change(_to: object) -> Seen:
        raise RetryableError("the warehouse is gone")

    breaker = CircuitBreaker(lambda: Seen(Circuit(), service.circuit.moment), change, TERMS, service="The service")

    with capture_logs() as logs:
        breaker.leave(breaker.enter(), Outcome.FAILED)

    assert [line["event"] for line in logs] == ["circuit_outcome_lost"]
