"""Faults of single records: rules by which the account refuses contacts, whatever batch they come in."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from babynames_assets.emulators.hubspot import validation
from babynames_assets.emulators.hubspot.faults.fault import Fault
from babynames_assets.emulators.hubspot.replies import ApiError, conflict, invalid


def _refused(identity: str) -> ApiError:
    message = f"{identity} is refused by a validation rule of this account"
    detail = {"isValid": False, "message": message, "error": "VALIDATION_RULE", "name": "firstname"}
    return invalid(validation.message_of([detail]))


def _claimed(_identity: str) -> ApiError:
    return conflict(6001)


RULES: dict[str, tuple[str, Callable[[str], ApiError]]] = {
    "refuse": ("VALIDATION_ERROR of each record that `matches` or that a `share` concerns", _refused),
    "claimed": ("409 of each such record; in an upsert that is 409 for the whole batch", _claimed),
}
RULES_NEED = ("matches", "share")


@dataclass
class _Rule:
    fault: Fault
    salt: str
    seen: Counter[str] = field(default_factory=Counter)

    def concerns(self, identity: str, values: Mapping[str, str]) -> bool:
        fault = self.fault
        if fault.share is not None and _chance(f"{self.salt}/{identity}") >= fault.share:
            return False
        if fault.matches and not any(fault.matches.search(text) for text in (identity, *values.values())):
            return False
        if not fault.attempts:
            return True
        self.seen[identity] += 1
        return self.seen[identity] <= fault.attempts


class RecordRules:
    """The rules of the account.

    Whether a rule concerns a contact depends on the seed, the rule's place in its order and the contact's identity, but
    not on the order in which contacts come.
    """

    def __init__(self) -> None:
        self._rules: list[_Rule] = []

    def add(self, fault: Fault, salt: str) -> None:
        """Add a rule; ``salt`` is the seed and the rule's place."""
        self._rules.append(_Rule(fault, salt))

    def clear(self) -> None:
        """Refuse nothing."""
        self._rules.clear()

    def orders(self) -> list[Fault]:
        """The rules as they were ordered."""
        return [rule.fault for rule in self._rules]

    def refusal(self, identity: str, values: Mapping[str, str]) -> tuple[str, ApiError] | None:
        """The kind of the rule that refuses a record, and the error; None if there is none.

        Args:
            identity: what finds the contact: the value of a unique property, or its id.
            values: the property values that are to be written.
        """
        for rule in self._rules:
            if rule.concerns(identity, values):
                return rule.fault.kind, RULES[rule.fault.kind][1](identity)
        return None


def _chance(text: str) -> float:
    """A number from 0 to 1 that follows from the text alone."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) / 2**64
