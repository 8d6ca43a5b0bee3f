"""Which request which fault strikes: by script, one after the other, or by rate, as the seed decides."""

import random
from dataclasses import dataclass
from typing import Any

from babynames_assets.emulators.hubspot.calls import Call, Handler
from babynames_assets.emulators.hubspot.faults.damage import DAMAGE
from babynames_assets.emulators.hubspot.faults.fault import Fault, Storm, parse_storm
from babynames_assets.emulators.hubspot.faults.merging import MERGING
from babynames_assets.emulators.hubspot.faults.refusals import REFUSALS
from babynames_assets.emulators.hubspot.faults.rules import RULES, RULES_NEED, RecordRules
from babynames_assets.emulators.hubspot.faults.struck import Kind, Struck
from babynames_assets.emulators.hubspot.replies import Reply

KINDS: dict[str, Kind] = {**REFUSALS, **DAMAGE, **MERGING}
"""The faults of requests; those of records are RULES."""


class Faults:
    """The faults on order, as far as they have not been played.

    A fault with a rate draws once for each request that it matches, whether or not another fault strikes that request:
    what the n-th one meets depends on the seed, the fault's place in its order and n, and on nothing else.
    """

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self.rules = RecordRules()

    def order(self, content: Any) -> None:
        """Add an order: a list of faults, or one with a seed.

        Raises:
            ValueError: it is not an order; nothing of it is added.
        """
        self.add(parse_storm(content))

    def add(self, storm: Storm) -> None:
        """Add faults.

        Raises:
            ValueError: a kind is unknown, or lacks what it needs; nothing of it is added.
        """
        for fault in storm.faults:
            _check(fault)
        for place, fault in enumerate(storm.faults):
            salt = f"{storm.seed}/{place}"
            if fault.kind in RULES:
                self.rules.add(fault, salt)
            else:
                self._entries.append(_Entry(fault, salt))

    def clear(self) -> None:
        """Have good days again."""
        self._entries.clear()
        self.rules.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """What is on order, with the requests that matched and that were struck so far."""
        requests = [(entry.fault, {"matched": entry.matched, "struck": entry.struck}) for entry in self._entries]
        records: list[tuple[Fault, dict[str, int]]] = [(fault, {}) for fault in self.rules.orders()]
        return [
            {**fault.model_dump(mode="json", exclude_unset=True), **counts} for fault, counts in (*requests, *records)
        ]

    def take(self, path: str, body: bytes, now: float) -> "Strike | None":
        """The fault that strikes this request, if one does."""
        chosen: _Entry | None = None
        for entry in self._entries:
            if (chosen is None or entry.fault.rate is not None) and entry.matches(path, body):
                hit = entry.draw(now)
                chosen = entry if hit and chosen is None else chosen
        if chosen is None:
            return None
        chosen.struck += 1
        self._entries = [entry for entry in self._entries if not entry.is_over(now)]
        return Strike(chosen.fault, random.Random(f"{chosen.salt}/{chosen.matched}"))  # noqa: S311 - no secret


@dataclass(frozen=True)
class Strike:
    """A fault about to strike, with the dice for what it leaves to chance."""

    fault: Fault
    dice: random.Random

    def answer(self, call: Call, handle: Handler) -> Reply:
        """Answer a request so."""
        return KINDS[self.fault.kind].strike(Struck(self.fault, self.dice, call, handle))


class _Entry:
    def __init__(self, fault: Fault, salt: str) -> None:
        self.fault, self.salt = fault, salt
        self.matched = self.struck = 0
        self._contains = fault.contains.encode()
        self._dice = random.Random(salt)  # noqa: S311 - where a test's faults strike is no secret
        self._left, self._until = (0 if fault.rate is not None else fault.times), 0.0

    def matches(self, path: str, body: bytes) -> bool:
        return self.fault.path in path and self._contains in body

    def draw(self, now: float) -> bool:
        """Whether it strikes the next request that it matches."""
        self.matched += 1
        begins = self.fault.rate is not None and self._dice.random() < self.fault.rate
        if self.matched <= self.fault.skip:
            return False
        if now < self._until:
            return True
        if not self._left and begins:
            self._left = self.fault.times
        if not self._left:
            return False
        self._left -= 1
        self._until = now + self.fault.seconds
        return True

    def is_over(self, now: float) -> bool:
        return self.fault.rate is None and not self._left and now >= self._until


def _check(fault: Fault) -> None:
    kind = KINDS.get(fault.kind)
    if kind is None and fault.kind not in RULES:
        raise ValueError(f"No fault is called {fault.kind!r}; there are {', '.join((*KINDS, *RULES))}.")
    needs = kind.needs if kind else RULES_NEED
    if needs and not any(getattr(fault, name) for name in needs):
        raise ValueError(f"A fault of the kind {fault.kind!r} needs {' or '.join(needs)}.")
