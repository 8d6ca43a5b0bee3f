"""Years side by side as ranges, and years in few words."""

from collections.abc import Iterable, Iterator
from itertools import groupby


def ranges(years: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First and last year of each run of years without a gap, ascending."""
    for _, run in groupby(enumerate(sorted(set(years))), key=lambda numbered: numbered[1] - numbered[0]):
        side_by_side = [year for _, year in run]
        yield side_by_side[0], side_by_side[-1]


def name_years(years: Iterable[int], *, to: str = "-") -> str:
    """Years in few words: ``2001-2003, 2005``.

    Args:
        years: in any order.
        to: stands between the first and the last of a range.
    """
    return ", ".join(str(first) if first == last else f"{first}{to}{last}" for first, last in ranges(years))
