"""Tests of the waits between tries."""

import random

from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.resilience.backoff import Backoff, backoff_seconds

seconds = st.floats(0.001, 1e6)


@given(st.integers(1, 5_000), seconds, seconds, st.randoms())
def test_a_wait_is_at_most_the_longest_and_at_least_half_of_what_doubling_says(
    tried: int, first: float, longest: float, rng: random.Random
) -> None:
    """Jitter takes away up to a half, never adds; no number of tries overflows."""
    doubled = min(first * 2.0 ** min(tried - 1, 60), longest)

    assert doubled / 2 <= backoff_seconds(tried, first, longest, rng) <= doubled


@given(st.integers(1, 30), st.integers(1, 30), st.randoms())
def test_there_is_a_next_attempt_until_all_are_spent(most: int, attempts: int, rng: random.Random) -> None:
    """With ten attempts the ninth is followed by another, the tenth and every later one by none."""
    wait = Backoff(attempts=most).wait_after(attempts, rng)

    assert (wait is None) == (attempts >= most)


class Longest(random.Random):
    """Draws the longest wait that there can be."""

    def uniform(self, a: float, b: float) -> float:
        """The upper end."""
        return max(a, b)


@given(st.integers(1, 9), st.randoms(use_true_random=True))
def test_two_that_failed_together_do_not_wait_equally_long(attempts: int, rng: random.Random) -> None:
    """Two hosts that met the same bad moment return at different ones."""
    assert Backoff().wait_after(attempts, rng) != Backoff().wait_after(attempts, rng)


def test_the_defaults_try_for_more_than_a_day_and_less_than_a_week() -> None:
    """Long enough for somebody else's repairs, short enough that a person hears of it."""
    waits = [Backoff().wait_after(attempts, Longest()) for attempts in range(1, 11)]

    assert waits[-1] is None
    assert 86_400 < sum(wait for wait in waits if wait) < 7 * 86_400
