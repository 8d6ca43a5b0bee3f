"""Items are worked on side by side, and their results come in order."""

import threading
from collections.abc import Iterator

import pytest

from babynames_assets.ingest.side_by_side import in_order


def test_results_come_in_the_order_of_the_items() -> None:
    """Also where a later item is ready first."""
    later_is_ready = threading.Event()

    def work(item: int) -> int:
        if item == 0:
            later_is_ready.wait(30)
        if item == 1:
            later_is_ready.set()
        return item * 2

    assert list(in_order(work, range(5), workers=2)) == [0, 2, 4, 6, 8]


def test_few_items_are_taken_ahead() -> None:
    """Memory holds those of the workers and one more, not the whole stream."""
    taken = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = in_order(lambda item: item, items(), workers=2)
    assert next(results) == 0
    assert taken == [0, 1, 2]
    results.close()


def test_an_error_reaches_the_caller_in_its_place() -> None:
    """The results before it come first, and nothing comes behind it."""

    def work(item: int) -> int:
        if item == 2:
            raise ValueError("no such item")
        return item

    results = in_order(work, range(10), workers=2)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="no such item"):
        next(results)
    assert list(results) == []


def test_nothing_in_nothing_out() -> None:
    """An empty stream ends at once."""
    assert list(in_order(str, [])) == []
