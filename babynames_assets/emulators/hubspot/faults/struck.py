"""A request that a fault strikes, and what a kind of fault is."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from babynames_assets.emulators.hubspot.calls import Call, Handler
from babynames_assets.emulators.hubspot.faults.fault import Fault
from babynames_assets.emulators.hubspot.replies import ApiError, Reply


@dataclass(frozen=True)
class Struck:
    """One request and its fault.

    Attributes:
        fault: what was ordered.
        dice: decides whatever the fault leaves to chance; the seed decides the dice.
        call: the request.
        handle: does what it asks, and answers truly.
    """

    fault: Fault
    dice: random.Random
    call: Call
    handle: Handler

    def inputs(self) -> list[dict[str, Any]]:
        """The inputs of the batch; none if the request is no batch, or a bad one."""
        try:
            return self.call.inputs()
        except ApiError:
            return []

    def delay(self) -> float:
        """Seconds to wait with the answer."""
        delay = self.fault.delay
        return self.dice.uniform(*delay) if isinstance(delay, tuple) else delay

    def headers(self) -> dict[str, str | None]:
        """The headers that were asked for."""
        return {"Retry-After": self.fault.retry_after} if self.fault.retry_after is not None else {}

    def spared(self, records: Sequence[Any]) -> list[Any]:
        """The records that it does not concern."""
        if self.fault.share is None:
            return list(records[self.fault.count :])
        return [record for record in records if self.dice.random() >= self.fault.share]


Strike = Callable[[Struck], Reply]


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Attributes:
        about: what it does, in a few words, as the guide says it.
        strike: answers the request.
        needs: fields of the order of which one has to be given.
    """

    about: str
    strike: Strike
    needs: tuple[str, ...] = ()
