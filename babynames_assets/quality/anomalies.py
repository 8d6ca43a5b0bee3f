"""Totals that do not follow the years around them.

Births and rows of a year rise and fall together: history moves both, damage as a rule one. So it is the bend of a
year's births (how far they are from the mean of the years beside it, as logarithms) that is looked at, less what the
bend of its rows explains; and it is measured in robust standard deviations of the twelve years on each side.
`docs/decisions/0022-checks-and-what-they-stop.md` has the figures of real history.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import median

from babynames_assets.quality.verdict import Verdict
from babynames_assets.warehouse.check_findings import CheckFinding

Totals = tuple[int, int]
"""Rows and births of a year."""

AROUND = 12
FEWEST = 8
"""Years that can be compared with; with fewer nothing is said."""

_SIGMA_OF_MAD = 1.4826
"""Of a normal distribution."""
_LEAST_SIGMA = 0.01
"""Years that are all alike would make a prodigy of one per mille."""
_LEAST_BEND = 0.005
"""A smaller bend of the rows tells nothing of the slope."""


def neighbours_verdict(found: Mapping[int, Totals], in_file: Mapping[int, Totals], limit: float) -> Verdict:
    """Whether the totals of some years follow those of the years around them.

    Args:
        found: the years in question, as their frames have them.
        in_file: all years of the file, as reading it counted them.
        limit: the largest deviation, in robust standard deviations.
    """
    deviations = {year: z for year, z in deviations_of({**in_file, **found}).items() if year in found}
    findings = [
        CheckFinding(
            year,
            f"totals of {year}",
            f"{found[year][1]:,} births in {found[year][0]:,} rows: {z:+.1f} robust standard deviations from what the "
            f"years around it let expect; the limit is {limit:g}",
        )
        for year, z in deviations.items()
        if abs(z) > limit
    ]
    largest = max(map(abs, deviations.values()), default=0.0)
    return Verdict(
        {"years_judged": len(deviations), "years_wrong": len(findings), "largest_z": largest, "limit": limit}, findings
    )


def deviations_of(totals: Mapping[int, Totals]) -> dict[int, float]:
    """The deviation of each year that has enough years around it, in robust standard deviations."""
    bends = {year: bend for year in totals if (bend := _bends(totals, year)) is not None}
    slope = _slope(list(bends.values()))
    residuals = {year: of_births - slope * of_rows for year, (of_rows, of_births) in bends.items()}
    deviations = {}
    for year, residual in residuals.items():
        around = [other for near, other in residuals.items() if near != year and abs(near - year) <= AROUND]
        if len(around) >= FEWEST:
            middle = median(around)
            sigma = _SIGMA_OF_MAD * median(abs(other - middle) for other in around)
            deviations[year] = (residual - middle) / max(sigma, _LEAST_SIGMA)
    return deviations


def _bends(totals: Mapping[int, Totals], year: int) -> tuple[float, float] | None:
    """The bend of the rows and of the births at a year; None where there are no two years to compare it with."""
    # At an end of the series the line through the two years beside it goes on.
    for weights in ({-1: 0.5, 1: 0.5}, {-1: 2.0, -2: -1.0}, {1: 2.0, 2: -1.0}):
        near = {step: totals.get(year + step, (0, 0)) for step in (0, *weights)}
        if all(min(one) > 0 for one in near.values()):
            of_rows, of_births = (
                math.log(near[0][part]) - sum(weight * math.log(near[step][part]) for step, weight in weights.items())
                for part in (0, 1)
            )
            return of_rows, of_births
    return None


def _slope(bends: Sequence[tuple[float, float]]) -> float:
    """How much births bend when rows do, as a rule."""
    slopes = [of_births / of_rows for of_rows, of_births in bends if abs(of_rows) >= _LEAST_BEND]
    return median(slopes) if slopes else 1.0
