"""What goes into a batch of contacts, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_BATCH = 100
"""The most inputs that HubSpot takes in one batch call."""

NO_ANSWER = "NO_ANSWER"
"""Category of a contact of which HubSpot said neither that it was written nor that it was refused."""


@dataclass(frozen=True, slots=True)
class ContactWrite:
    """A contact as it shall be.

    Attributes:
        key: value of the unique property, for example ``1984-F-Mary``.
        properties: the other properties; every value is text.
    """

    key: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Accepted:
    """HubSpot wrote the contact, or found it so already."""

    hubspot_id: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """HubSpot did not write the contact, and why."""

    category: str
    message: str
    correlation_id: str


@dataclass(frozen=True)
class BatchOutcome:
    """What became of each contact, by its key: every one is in exactly one of the two."""

    accepted: dict[str, Accepted] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)

    def add(self, other: "BatchOutcome") -> None:
        """Take in what became of other contacts."""
        self.accepted.update(other.accepted)
        self.refused.update(other.refused)
