"""What a sensor remembers from one look to the next, as the text that Dagster keeps for it."""

import json
from dataclasses import asdict, dataclass, field
from typing import Self

from babynames_assets.automation.requests import Asked


@dataclass(frozen=True)
class Remembered:
    """Plain values, and the request that is not done yet.

    Attributes:
        asked: that request, if there is one.
    """

    asked: Asked | None = field(default=None, kw_only=True)

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Self:
        """Read what ``as_cursor`` wrote; anything else counts as nothing known."""
        try:
            values = json.loads(cursor or "{}")
            asked = values.pop("asked", None)
            return cls(**values, asked=Asked(**asked) if asked else None)
        except (ValueError, TypeError, AttributeError):
            return cls()

    def as_cursor(self) -> str:
        """The same as text."""
        return json.dumps(asdict(self))
