"""Tests of totals that do not follow the years around them."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.quality.anomalies import FEWEST, Totals, deviations_of, neighbours_verdict
from babynames_assets.quality_settings import QualitySettings

LIMIT = QualitySettings().max_z


def history(*, first: int = 1880, last: int = 2024, boom: dict[int, float] | None = None) -> dict[int, Totals]:
    """Years of slow waves and some noise, births moving half as much again as rows; a boom lifts all that follows."""
    totals, level = {}, 0.0
    for year in range(first, last + 1):
        level += (boom or {}).get(year, 0.0)
        noise = 0.004 * math.sin(year * 12.9898) + 0.004 * math.sin(year * 78.233)
        rows = 9 + 0.4 * math.sin(year / 15) + level + noise
        births = 14 + 0.6 * math.sin(year / 15) + 1.4 * level + 1.5 * noise + 0.003 * math.sin(year * 3.7)
        totals[year] = (round(math.exp(rows)), round(math.exp(births)))
    return totals


def judged(totals: dict[int, Totals]) -> list[int]:
    """The years that are not as the years around let expect."""
    return [finding.year for finding in neighbours_verdict(totals, totals, LIMIT).findings if finding.year]


def test_years_that_rise_and_fall_are_history() -> None:
    """Births follow the rows: nothing is found, however high the waves are."""
    assert judged(history()) == []


def test_a_boom_that_lifts_rows_and_births_is_history() -> None:
    """A fifth more births from one year to the next, as in 1946, and still more, as in 1912."""
    assert judged(history(boom={1912: 0.27, 1946: 0.13, 1972: -0.06})) == []


@pytest.mark.parametrize("year", [1880, 1912, 1990, 2023, 2024])
@pytest.mark.parametrize("factor", [0.5, 0.8, 1.3, 2.0])
def test_births_that_move_alone_are_found(year: int, factor: float) -> None:
    """Also at both ends of the series, where the newest year stands."""
    totals = history()
    rows, births = totals[year]
    totals[year] = (rows, round(births * factor))

    assert year in judged(totals)


def test_only_the_years_in_question_are_judged() -> None:
    """What is wrong elsewhere in the file is another run's finding."""
    totals = history()
    totals[1950] = (totals[1950][0], totals[1950][1] * 2)

    verdict = neighbours_verdict({1990: totals[1990]}, totals, LIMIT)

    assert verdict.passed
    assert verdict.numbers["years_judged"] == 1


def test_a_frame_is_judged_by_its_own_totals_and_not_by_the_file() -> None:
    """The frame's numbers win over those that reading the file counted."""
    totals = history()

    verdict = neighbours_verdict({1990: (totals[1990][0], totals[1990][1] // 2)}, totals, LIMIT)

    assert [finding.place for finding in verdict.findings] == ["totals of 1990"]


def test_a_few_years_are_not_judged() -> None:
    """With fewer neighbours than that nobody knows what is usual."""
    assert deviations_of(history(first=2001, last=2000 + FEWEST)) == {}
    assert len(deviations_of(history(first=2001, last=2001 + FEWEST))) == FEWEST + 1


def test_empty_years_are_passed_over() -> None:
    """A gap has no logarithm; the years beside it go on from the other side."""
    totals = history() | {1950: (0, 0)}

    assert 1950 not in deviations_of(totals)
    assert judged(totals) == []


def test_years_that_are_all_alike_have_no_deviation() -> None:
    """Nor does one per mille make a prodigy where nothing ever moved."""
    totals = dict.fromkeys(range(1900, 1950), (100, 10000)) | {1925: (100, 10_010)}

    assert judged(totals) == []


@given(st.dictionaries(st.integers(1880, 2024), st.tuples(st.integers(0, 10**5), st.integers(0, 10**7)), max_size=60))
@settings(max_examples=100, deadline=None)
def test_whatever_the_totals_are_each_deviation_is_a_number(totals: dict[int, Totals]) -> None:
    """No series makes the check fail by an error."""
    assert all(math.isfinite(z) for z in deviations_of(totals).values())
