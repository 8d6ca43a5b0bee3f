"""What each event makes of a circuit, in any order of events and of clocks."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from babynames_assets.resilience.circuits import Circuit, CircuitTerms

NOON = dt.datetime(2026, 11, 23, 17, 0)  # noqa: DTZ001 - in UTC, as circuits have it
TERMS = CircuitTerms(failures=3, failing_seconds=10, open_seconds=30, trial_seconds=100)


def after(seconds: float) -> dt.datetime:
    """So many seconds after noon."""
    return NOON + dt.timedelta(seconds=seconds)


def failing(*seconds: float) -> Circuit:
    """A closed circuit after failures at these moments."""
    circuit = Circuit()
    for second in seconds:
        circuit = circuit.failed(after(second), None, TERMS)
    return circuit


def test_failures_that_last_open_the_circuit() -> None:
    """Three in a row over ten seconds open it for thirty."""
    circuit = failing(0, 5, 10)

    assert not circuit.is_closed
    assert circuit.open_until == after(40)
    assert circuit.seconds_left(after(15), TERMS) == 25


def test_calls_that_are_cut_off_together_are_one_event() -> None:
    """However many fail at one moment, retries get their chance first."""
    assert failing(*[0.0] * 64, 9.9).is_closed


def test_few_failures_never_open_it_however_long_they_last() -> None:
    """Two failures in a day are two failures."""
    assert failing(0, 86_400).is_closed


def test_an_answer_begins_the_count_anew() -> None:
    """After an answer it takes three failures and ten seconds again."""
    circuit = failing(0, 5).answered(None)

    assert circuit == Circuit()
    assert circuit.failed(after(11), None, TERMS).is_closed


def test_one_trial_at_a_time_when_the_time_is_over() -> None:
    """The first who asks has the trial, and nobody else until it has ended or its holder is dead."""
    circuit = failing(0, 5, 10)

    early = circuit.tried(after(39), "early", TERMS)
    first = circuit.tried(after(40), "first", TERMS)
    second = first.tried(after(41), "second", TERMS)
    third = second.tried(after(140), "third", TERMS)

    assert early == circuit
    assert (first.trial_holder, second.trial_holder, third.trial_holder) == ("first", "first", "third")
    assert second.seconds_left(after(41), TERMS) == 99


def test_the_outcome_of_the_trial_decides() -> None:
    """An answer closes the circuit, a failure opens it anew, and a trial that was not made is given back."""
    trial = failing(0, 5, 10).tried(after(40), "mine", TERMS)

    assert trial.answered("mine") == Circuit()
    assert trial.failed(after(50), "mine", TERMS).open_until == after(80)
    assert trial.given_back("mine").tried(after(41), "next", TERMS).trial_holder == "next"


@pytest.mark.parametrize("other", [None, "somebody else"])
def test_a_call_from_before_says_nothing_of_an_open_circuit(other: str | None) -> None:
    """Answers and failures of calls that are not the trial change nothing."""
    trial = failing(0, 5, 10).tried(after(40), "mine", TERMS)

    assert trial.answered(other) == trial
    assert trial.failed(after(50), other, TERMS) == trial
    assert trial.given_back(other) == trial


@given(back=st.floats(31, 1e6))
def test_a_clock_that_was_set_back_leaves_nobody_out_for_long(back: float) -> None:
    """A moment that is further ahead than it can be does not count."""
    circuit = failing(0, 5, 10).tried(after(40), "lost", TERMS)

    assert circuit.seconds_left(after(40 - back - 100), TERMS) == 0.0


class CircuitMachine(RuleBasedStateMachine):
    """Several processes that call, fail, die and try, on a clock that moves as it likes."""

    def __init__(self) -> None:
        """Begin closed."""
        super().__init__()
        self.circuit, self.now, self.names = Circuit(), 0.0, 0
        self.trials: dict[str, float] = {}

    @rule(seconds=st.floats(0, 60))
    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds

    @rule()
    def fail(self) -> None:
        """A call without a trial fails."""
        before = self.circuit
        self.circuit = self.circuit.failed(after(self.now), None, TERMS)
        assert before.is_closed or self.circuit == before

    @rule()
    def answer(self) -> None:
        """A call without a trial is answered."""
        before = self.circuit
        self.circuit = self.circuit.answered(None)
        assert self.circuit.is_closed == before.is_closed

    @rule()
    def enter(self) -> None:
        """Somebody wants to try."""
        name = f"trial {self.names}"
        self.names += 1
        free = not self.circuit.is_closed and self.circuit.seconds_left(after(self.now), TERMS) == 0
        self.circuit = self.circuit.tried(after(self.now), name, TERMS)
        assert (self.circuit.trial_holder == name) == free
        if free:
            self.trials[name] = self.now

    @precondition(lambda self: self.trials)
    @rule(data=st.data(), ending=st.sampled_from(["answered", "failed", "given back", "died"]))
    def end_a_trial(self, data: st.DataObject, ending: str) -> None:
        """One of those who once had the trial ends it."""
        name = data.draw(st.sampled_from(sorted(self.trials)))
        is_holder = self.circuit.trial_holder == name
        before, changed = self.circuit, self.circuit
        if ending == "answered":
            changed = self.circuit.answered(name)
            assert changed.is_closed == (is_holder or before.is_closed)
        elif ending == "failed":
            changed = self.circuit.failed(after(self.now), name, TERMS)
        elif ending == "given back":
            changed = self.circuit.given_back(name)
        assert is_holder or before.is_closed or changed == before
        self.circuit = changed
        del self.trials[name]

    @invariant()
    def one_trial_at_most_is_under_way(self) -> None:
        """Of all that were begun and are not lost, one."""
        alive = [name for name in self.trials if self.circuit.trial_holder == name]
        assert len(alive) <= 1

    @invariant()
    def an_open_circuit_was_failing(self) -> None:
        """It never opens for less than what the terms say."""
        assert self.circuit.is_closed or self.circuit.failures >= TERMS.failures


TestCircuitMachine = CircuitMachine.TestCase
