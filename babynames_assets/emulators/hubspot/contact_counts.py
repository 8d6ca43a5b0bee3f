"""What became of the contacts that a client sent: how often each was written, and how often for nothing."""

from collections import Counter
from typing import Any

WRITTEN = ("created", "updated", "redundant")
OUTCOMES = (*WRITTEN, "refused", "archived")


class ContactCounts:
    """Counts contacts, where Statistics counts requests."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Start anew."""
        self._batches: dict[str, Counter[int]] = {}
        self._outcomes: Counter[str] = Counter()
        self._rules: Counter[str] = Counter()
        self._writes: dict[int, int] = {}
        self._redundant: dict[int, int] = {}
        self._duplicate_attempts = 0

    def batch(self, endpoint: str, inputs: int) -> None:
        """Count a batch."""
        self._batches.setdefault(endpoint, Counter())[inputs] += 1

    def wrote(self, contact_id: int, outcome: str) -> None:
        """Count a contact that was written; redundant if nothing of it was new."""
        self._outcomes[outcome] += 1
        self._writes[contact_id] = self._writes.get(contact_id, 0) + 1
        if outcome == "redundant":
            self._redundant[contact_id] = self._redundant.get(contact_id, 0) + 1

    def archived(self, contacts: int) -> None:
        """Count contacts that were archived."""
        self._outcomes["archived"] += contacts

    def refused(self) -> None:
        """Count a contact that was not written."""
        self._outcomes["refused"] += 1

    def refused_by_rule(self, kind: str) -> None:
        """Count the rule that refused a contact."""
        self._rules[kind] += 1

    def claimed_twice(self) -> None:
        """Count an attempt to give two contacts the same unique value; it was refused."""
        self._duplicate_attempts += 1

    def of_contact(self, contact_id: int) -> tuple[int, int]:
        """Writes of one contact: all, and the redundant ones."""
        return self._writes.get(contact_id, 0), self._redundant.get(contact_id, 0)

    def as_json(self) -> dict[str, Any]:
        """All counts, without those of single contacts."""
        written = sum(self._outcomes[outcome] for outcome in WRITTEN)
        sizes = {
            endpoint: {str(size): batches for size, batches in sorted(counts.items())}
            for endpoint, counts in self._batches.items()
        }
        return {
            "batches": sizes,
            "writes": {outcome: self._outcomes[outcome] for outcome in OUTCOMES},
            "redundant_share": self._outcomes["redundant"] / written if written else 0.0,
            "max_writes_of_a_contact": max(self._writes.values(), default=0),
            "refused_by_rule": dict(self._rules),
            "duplicate_attempts": self._duplicate_attempts,
        }
