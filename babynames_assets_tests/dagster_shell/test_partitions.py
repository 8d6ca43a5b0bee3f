"""Tests of the year partitions: contiguous, ascending, whatever order data comes in."""

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.partitions import YEARS, add_years, known_years


def keys(instance: dg.DagsterInstance) -> list[str]:
    """The partitions in the order in which Dagster takes a range."""
    return list(YEARS.get_partition_keys(dynamic_partitions_store=instance))


def test_years_are_added_once() -> None:
    """A second call has nothing to add."""
    with dg.DagsterInstance.ephemeral() as instance:
        first = add_years(instance, 2001, 2003)
        second = add_years(instance, 2001, 2003)

        assert first == [2001, 2002, 2003]
        assert second == []
        assert keys(instance) == ["2001", "2002", "2003"]


def test_a_newer_year_comes_behind() -> None:
    """The yearly release adds one key."""
    with dg.DagsterInstance.ephemeral() as instance:
        add_years(instance, 2001, 2003)

        assert add_years(instance, 2001, 2004) == [2004]
        assert keys(instance) == ["2001", "2002", "2003", "2004"]


def test_an_earlier_year_keeps_the_order() -> None:
    """A first year that is lowered later does not break ranges, which follow the order of the keys."""
    with dg.DagsterInstance.ephemeral() as instance:
        add_years(instance, 2001, 2003)

        assert add_years(instance, 1999, 2003) == [1999, 2000]
        assert keys(instance) == ["1999", "2000", "2001", "2002", "2003"]


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(1880, 1900), st.integers(1901, 1920)), min_size=1, max_size=4))
def test_keys_are_ascending_after_any_calls(calls: list[tuple[int, int]]) -> None:
    """Whatever ranges arrive, Dagster's order is the order of years."""
    with dg.DagsterInstance.ephemeral() as instance:
        for first, last in calls:
            add_years(instance, first, last)

        found = [int(key) for key in keys(instance)]
        assert found == sorted(found) == known_years(instance)


@pytest.mark.parametrize(("first", "last"), [(2005, 2004), (2010, 2001)])
def test_no_year_is_added_by_an_empty_range(first: int, last: int) -> None:
    """A file whose newest year is before the first allowed one adds nothing."""
    with dg.DagsterInstance.ephemeral() as instance:
        assert add_years(instance, first, last) == []
