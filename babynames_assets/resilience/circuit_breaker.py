"""Leaves a service alone that is down, for all processes at once, and lets one call find out when it is back.

Closed: every call passes. Open: none does, and each fails at once. When the time is over, one call takes the trial; its
outcome closes the circuit or keeps it open. The circuit stands elsewhere, behind ``read`` and ``change``. What a
process knows of it is used for a quarter of a second, so that calls neither wait for each other nor for the database.
"""

import datetime as dt
import math
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

import structlog

from babynames_assets.errors import BabynamesError, CircuitOpenError
from babynames_assets.resilience.circuits import Circuit, CircuitTerms, Seen

KNOWN_FOR = 0.25
"""Seconds for which a process uses what it knows of the circuit."""

_log = structlog.get_logger(__name__)


class Outcome(Enum):
    """How a call ended: the service answered, it failed, or nobody asked it."""

    ANSWERED = auto()
    FAILED = auto()
    NOT_MADE = auto()


@dataclass(frozen=True)
class Permit:
    """Leave to make one call.

    Attributes:
        trial: names the trial if this call is it.
    """

    trial: str | None = None


class CircuitBreaker:
    """Gives leave for calls and hears how they end. Safe to share between threads."""

    def __init__(
        self,
        read: Callable[[], Seen],
        change: Callable[[Callable[[Circuit, dt.datetime], Circuit]], Seen],
        terms: CircuitTerms,
        *,
        service: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a breaker.

        Args:
            read: the circuit as it is.
            change: replaces the circuit by what a function makes of it, while nobody else changes it.
            terms: when it opens, and for how long.
            service: its name, for messages.
            clock: monotonic seconds.
        """
        self._read, self._change, self._terms = read, change, terms
        self._service, self._clock = service, clock
        self._looking = threading.Lock()
        self._seen: Seen | None = None
        self._seen_at = 0.0

    def enter(self) -> Permit:
        """Leave for a call that is made now; ``leave`` has to follow.

        Raises:
            CircuitOpenError: the circuit is open, or somebody else is trying the service.
        """
        circuit, moment = self._look()
        if circuit.is_closed:
            return Permit()
        if left := circuit.seconds_left(moment, self._terms):
            raise self._refusal(left)
        trial = uuid.uuid4().hex
        circuit = self._set(lambda circuit, moment: circuit.tried(moment, trial, self._terms))
        if circuit.is_closed:
            return Permit()
        if circuit.trial_holder != trial:
            raise self._refusal(self._terms.open_seconds)
        _log.info("circuit_trial_begun")
        return Permit(trial)

    def leave(self, permit: Permit, outcome: Outcome) -> None:
        """Hear how a call ended. A database that cannot be told costs no answer."""
        try:
            self._hear(permit, outcome)
        except BabynamesError as error:
            _log.warning("circuit_outcome_lost", outcome=outcome.name, error=str(error))

    def _hear(self, permit: Permit, outcome: Outcome) -> None:
        if outcome is Outcome.FAILED:
            was_closed = self._look().circuit.is_closed
            circuit = self._set(lambda circuit, moment: circuit.failed(moment, permit.trial, self._terms))
            if not circuit.is_closed and (was_closed or permit.trial):
                _log.warning("circuit_opened", failures=circuit.failures, until=str(circuit.open_until))
        elif outcome is Outcome.ANSWERED and (permit.trial or self._look().circuit.is_failing):
            circuit = self._set(lambda circuit, _moment: circuit.answered(permit.trial))
            if permit.trial and circuit.is_closed:
                _log.info("circuit_closed")
        elif outcome is Outcome.NOT_MADE and permit.trial:
            self._set(lambda circuit, _moment: circuit.given_back(permit.trial))

    def _look(self) -> Seen:
        """What is known, with the moment brought up to now."""
        with self._looking:
            if self._seen is None or self._clock() - self._seen_at >= KNOWN_FOR:
                self._seen, self._seen_at = self._read(), self._clock()
            circuit, moment = self._seen
            return Seen(circuit, moment + dt.timedelta(seconds=self._clock() - self._seen_at))

    def _set(self, change: Callable[[Circuit, dt.datetime], Circuit]) -> Circuit:
        # Under the same lock, so that nothing older is remembered after it.
        with self._looking:
            self._seen, self._seen_at = self._change(change), self._clock()
            return self._seen.circuit

    def _refusal(self, seconds: float) -> CircuitOpenError:
        return CircuitOpenError(
            f"{self._service} could not answer {self._terms.failures} calls in a row and is left alone; this call was "
            f"not made. In {math.ceil(seconds)} s one call may try it. If this lasts, see the service's status page.",
            retry_after=seconds,
        )
