"""Tests of the progress of a long step."""

import pytest

from babynames_assets.observability.progress import Progress


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        """Start at zero."""
        self.now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


def test_it_says_done_rate_and_time_left(clock: Clock) -> None:
    """The line answers how far, how fast and how long."""
    said: list[str] = []
    progress = Progress("years loaded", 100, say=said.append, clock=clock)
    clock.now = 10.0

    progress.reached(50)

    assert said == ["50 of 100 years loaded, 5 a second, 10 s left"]


def test_it_does_not_speak_more_often_than_asked(clock: Clock) -> None:
    """145 years in a second are one line, not 145."""
    said: list[str] = []
    progress = Progress("years loaded", 145, say=said.append, every=2.0, clock=clock)

    for done in range(1, 146):
        clock.now = done / 145
        progress.reached(done)

    assert said == ["145 of 145 years loaded, 145 a second, 0 s left"]


def test_nothing_to_do_is_said_at_once(clock: Clock) -> None:
    """A total of zero divides nothing."""
    said: list[str] = []

    Progress("contacts answered", 0, say=said.append, clock=clock).reached(0)

    assert said == ["0 of 0 contacts answered, 0 a second, 0 s left"]


def test_years_are_said_with_their_rows(clock: Clock) -> None:
    """145 years say little about the speed; their rows do."""
    said: list[str] = []
    progress = Progress("years loaded", 4, of="rows", say=said.append, clock=clock)
    clock.now = 10.0

    progress.add(1, amount=20_000)
    progress.add(1, amount=30_000)

    assert said == ["1 of 4 years loaded, 2,000 rows a second, 30 s left"]
    clock.now = 20.0
    progress.add(2, amount=50_000)
    assert said[1:] == ["4 of 4 years loaded, 5,000 rows a second, 0 s left"]


def test_a_total_that_is_not_met_to_the_last_is_finished(clock: Clock) -> None:
    """A header counts for the file's bytes but is no row; what was never begun stays silent."""
    said: list[str] = []
    progress = Progress("bytes read", 100, of="lines", say=said.append, clock=clock)
    progress.finish()
    clock.now = 1.0
    progress.add(90, amount=9)

    progress.finish()
    progress.finish()

    assert said == ["100 of 100 bytes read, 9 lines a second, 0 s left"]
