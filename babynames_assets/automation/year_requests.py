"""From the years that are not done to the runs that are asked for: few, never twice at once, and never for ever.

Years side by side are one run. A range that failed twice is asked for in halves, then in quarters: so a year that
cannot be done is alone after a few tries, and holds up nobody else.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import Self

from babynames_assets.automation.changed_years import ChangedYear
from babynames_assets.automation.requests import Asked, ask
from babynames_assets.setting_groups import AutomationSettings

WHOLE_TRIES = 2
"""So often is a range tried in one piece: what fails once is most often a service that is down."""

_DIGITS = 12
"""Of a digest, in the cursor: it is kept for every year."""


@dataclass(frozen=True)
class YearRange:
    """Years to be run together, and which try it is."""

    first: int
    last: int
    tries: int


@dataclass(frozen=True)
class YearRequests:
    """The requests that are not done yet, by year; it is a sensor's cursor."""

    asked: Mapping[int, Asked] = field(default_factory=dict)

    @classmethod
    def from_cursor(cls, cursor: str | None) -> Self:
        """Read what ``as_cursor`` wrote; anything else counts as nothing asked for."""
        try:
            return cls({int(year): Asked(*values) for year, values in json.loads(cursor or "{}").items()})
        except (ValueError, TypeError, AttributeError):
            return cls()

    def as_cursor(self) -> str:
        """The same as text."""
        return json.dumps({year: [one.of, one.tries, int(one.at)] for year, one in self.asked.items()})

    def next(
        self, changed: Mapping[int, ChangedYear], under_way: Collection[int], now: float, terms: AutomationSettings
    ) -> tuple[Self, list[YearRange]]:
        """What is to be asked for now, and what is known after that.

        Args:
            changed: the years that are not done; what was asked for of others is forgotten.
            under_way: the years of runs that are queued or running.
            now: seconds since 1970.
            terms: how long to wait for another try, and the most runs.
        """
        asked: dict[int, Asked] = {}
        due: list[tuple[int, int]] = []
        for year, change in sorted(changed.items()):
            before = self.asked.get(year)
            if year in under_way:
                if before:
                    asked[year] = before.seen_under_way(now)
                continue
            request = ask(before, change.digest[:_DIGITS], now, terms)
            if request:
                due.append((year, request.tries))
            asked[year] = request or before  # type: ignore[assignment]  # None only where nothing was asked before
        chosen = list(_fewer(list(_pieces(due)), under_way, terms.max_runs))
        return type(self)(asked), chosen


def _pieces(due: list[tuple[int, int]]) -> Iterator[YearRange]:
    """Years side by side that are at the same try, cut up after tries that failed."""
    for (_, tries), group in groupby(enumerate(due), lambda item: (item[1][0] - item[0], item[1][1])):
        years = [year for _, (year, _) in group]
        size = max(1, -(-len(years) // 2 ** max(0, tries - WHOLE_TRIES)))
        for start in range(0, len(years), size):
            piece = years[start : start + size]
            yield YearRange(piece[0], piece[-1], tries)


def _fewer(ranges: list[YearRange], under_way: Collection[int], most: int) -> list[YearRange]:
    """At most so many ranges: those with the fewest years between them become one.

    A year in between that is done costs little: the ledger says so, and it is passed over.
    """
    while len(ranges) > most:
        gaps = [
            (after.first - before.last, place)
            for place, (before, after) in enumerate(pairwise(ranges))
            if not any(year in under_way for year in range(before.last, after.first))
        ]
        if not gaps:
            break
        place = min(gaps)[1]
        before, after = ranges[place : place + 2]
        ranges[place : place + 2] = [YearRange(before.first, after.last, max(before.tries, after.tries))]
    return ranges
