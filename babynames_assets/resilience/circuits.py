"""What a circuit is, and what each event makes of it."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import NamedTuple


@dataclass(frozen=True)
class CircuitTerms:
    """When a circuit opens, and for how long.

    Attributes:
        failures: so many in a row open it,
        failing_seconds: if the first of them is so long ago. What passes sooner is what retries are for; and calls that
            are cut off together are one event, however many they are.
        open_seconds: how long nobody calls then.
        trial_seconds: how long the one call that tries the service may take; after that its caller is taken for dead.
    """

    failures: int = 10
    failing_seconds: float = 10.0
    open_seconds: float = 30.0
    trial_seconds: float = 150.0


@dataclass(frozen=True)
class Circuit:
    """The state of a service, as all processes know it. Moments are in UTC without a zone.

    Attributes:
        failures: in a row, while it is closed.
        failing_since: the first of them.
        open_until: None while it is closed; after this moment one call may try.
        trial_holder: whoever tries.
        trial_until: when the trial is taken for lost.
    """

    failures: int = 0
    failing_since: dt.datetime | None = None
    open_until: dt.datetime | None = None
    trial_holder: str | None = None
    trial_until: dt.datetime | None = None

    @property
    def is_closed(self) -> bool:
        """Whether calls pass."""
        return self.open_until is None

    @property
    def is_failing(self) -> bool:
        """Whether calls pass, and the last one failed."""
        return self.is_closed and self.failures > 0

    def seconds_left(self, moment: dt.datetime, terms: CircuitTerms) -> float:
        """Seconds until a call may try the service; none if one may now."""
        waits = ((self.open_until, terms.open_seconds), (self.trial_until, terms.trial_seconds))
        left = [((until - moment).total_seconds(), longest) for until, longest in waits if until]
        # More than the longest wait is left only by a clock that was set back.
        return max((seconds for seconds, longest in left if 0 < seconds <= longest), default=0.0)

    def failed(self, moment: dt.datetime, trial: str | None, terms: CircuitTerms) -> "Circuit":
        """A call failed. One that began before the circuit opened says nothing new."""
        if not self.is_closed:
            is_trial = trial is not None and trial == self.trial_holder
            return self._opened(self.failures, moment, terms) if is_trial else self
        failures, since = self.failures + 1, self.failing_since or moment
        if failures >= terms.failures and moment - since >= dt.timedelta(seconds=terms.failing_seconds):
            return self._opened(failures, moment, terms)
        return replace(self, failures=failures, failing_since=since)

    def answered(self, trial: str | None) -> "Circuit":
        """The service answered. It closes the circuit if the call was the trial."""
        return Circuit() if self.is_closed or (trial is not None and trial == self.trial_holder) else self

    def tried(self, moment: dt.datetime, trial: str, terms: CircuitTerms) -> "Circuit":
        """Somebody wants to try the service: the one whose name stands there afterwards may."""
        if self.is_closed or self.seconds_left(moment, terms):
            return self
        return replace(self, trial_holder=trial, trial_until=moment + dt.timedelta(seconds=terms.trial_seconds))

    def given_back(self, trial: str | None) -> "Circuit":
        """The trial was not made."""
        return replace(self, trial_holder=None, trial_until=None) if trial == self.trial_holder else self

    def _opened(self, failures: int, moment: dt.datetime, terms: CircuitTerms) -> "Circuit":
        until = moment + dt.timedelta(seconds=terms.open_seconds)
        return Circuit(failures=failures, failing_since=self.failing_since or moment, open_until=until)


class Seen(NamedTuple):
    """A circuit, and the moment at which it was so, by the clock of whoever keeps it."""

    circuit: Circuit
    moment: dt.datetime
