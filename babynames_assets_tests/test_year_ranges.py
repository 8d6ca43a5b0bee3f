"""Tests of years as ranges and in words."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.year_ranges import name_years, ranges


@given(st.lists(st.integers(1, 9999)))
def test_ranges_hold_the_years_and_no_other_and_are_as_few_as_can_be(years: list[int]) -> None:
    """In whatever order and however often they are given; between two ranges a year is missing."""
    found = list(ranges(years))

    assert [year for first, last in found for year in range(first, last + 1)] == sorted(set(years))
    assert all(before[1] + 1 < after[0] for before, after in pairwise(found))


def test_years_are_named_in_few_words() -> None:
    """One year is no range, and no year is no word."""
    assert name_years([2005, 2003, 2001, 2002, 2002]) == "2001-2003, 2005"
    assert name_years([1880, 1881], to=" to ") == "1880 to 1881"
    assert name_years([]) == ""
