"""Where the dead letters stand: how many are open, why, and whether that is more than somebody wants to know of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from babynames_assets.warehouse import letter_queries
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.letter_queries import Reason

_log = structlog.get_logger(__name__)

REASONS = 10


@dataclass(frozen=True)
class Standing:
    """The open dead letters at one moment.

    Attributes:
        by_service: open letters of lines (``import``) and of contacts (``sync``).
        for_a_person: those that nothing tries again by itself.
        reasons: the most frequent ones, the most frequent first.
        alert_above: more than so many are an alert.
    """

    by_service: Mapping[str, int]
    for_a_person: int
    reasons: Sequence[Reason]
    alert_above: int

    @property
    def letters(self) -> int:
        """All that are open."""
        return sum(self.by_service.values())

    @property
    def is_alert(self) -> bool:
        """Whether somebody should be told."""
        return self.letters > self.alert_above


def standing(engine: Engine, *, alert_above: int) -> Standing:
    """Count the open letters; where they are too many, say so as an error in the log.

    Args:
        engine: the warehouse.
        alert_above: more than so many are an alert.
    """
    found = count_open(engine, alert_above=alert_above)
    if found.is_alert:
        _log.error(
            "dead_letters_above_threshold",
            letters=found.letters,
            threshold=alert_above,
            for_a_person=found.for_a_person,
            **{f"of_{service}": letters for service, letters in found.by_service.items()},
        )
    return found


def count_open(engine: Engine, *, alert_above: int) -> Standing:
    """The same, for whoever tells it otherwise: the log says nothing."""
    with connect(engine) as connection:
        return Standing(
            letter_queries.counts(connection),
            letter_queries.for_a_person(connection),
            letter_queries.reasons(connection, limit=REASONS),
            alert_above,
        )
