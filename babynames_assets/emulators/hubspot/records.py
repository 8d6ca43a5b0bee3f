"""What the emulated account keeps of a contact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """A stored contact; times are seconds since 1970."""

    id: int
    properties: dict[str, str]
    created_at: float
    updated_at: float
    archived_at: float | None = None
