"""Retries: what is tried again, how often, and after which wait."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from babynames_assets.errors import CircuitOpenError, FatalError, RetryableError
from babynames_assets.resilience.retry import retrying


class Work:
    """Fails with the errors given, in their order, then succeeds; it remembers when it was called."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls: list[float] = []

    def __call__(self) -> str:
        """Fail or succeed."""
        self.calls.append(time.monotonic())
        if self.errors:
            raise self.errors.pop(0)
        return "done"


def test_work_that_succeeds_is_done_once() -> None:
    """Work that succeeds is done once and its result is handed back."""
    work = Work()

    result = retrying(work, what="work")

    assert result == "done"
    assert len(work.calls) == 1


def test_a_retryable_error_is_tried_again() -> None:
    """After a RetryableError the work is done again until it succeeds."""
    work = Work(RetryableError("first"), RetryableError("second"))

    result = retrying(work, what="work", first_wait=0.001)

    assert result == "done"
    assert len(work.calls) == 3


@pytest.mark.parametrize("error", [FatalError("wrong token"), ValueError("a bug")])
def test_no_other_error_is_tried_again(error: Exception) -> None:
    """Any error but RetryableError comes out at once."""
    work = Work(error)

    with pytest.raises(type(error)):
        retrying(work, what="work", first_wait=0.001)

    assert len(work.calls) == 1


def test_the_last_error_comes_out_when_the_attempts_are_used_up() -> None:
    """When no attempt is left, the error of the last one comes out as it is."""
    work = Work(*(RetryableError(f"number {number}") for number in range(5)))

    with pytest.raises(RetryableError, match="number 2"):
        retrying(work, what="work", attempts=3, first_wait=0.001)

    assert len(work.calls) == 3


def test_the_wait_asked_for_wins_over_our_own() -> None:
    """A retry_after is waited for, although our own first wait would be far longer."""
    work = Work(RetryableError("busy", retry_after=0.05))

    retrying(work, what="work", first_wait=100.0)

    assert 0.05 <= work.calls[1] - work.calls[0] < 5


def test_a_wait_of_zero_is_obeyed() -> None:
    """A retry_after of zero means at once, not our own wait."""
    work = Work(RetryableError("busy", retry_after=0.0))

    retrying(work, what="work", first_wait=100.0)

    assert work.calls[1] - work.calls[0] < 5


def test_a_wait_is_clamped() -> None:
    """However long the other side wants us to wait, we wait at most max_wait."""
    work = Work(RetryableError("busy", retry_after=86_400.0))

    retrying(work, what="work", max_wait=0.01)

    assert work.calls[1] - work.calls[0] < 5


@given(
    rng=st.randoms(use_true_random=False),
    attempts=st.integers(min_value=2, max_value=80),
    max_wait=st.floats(1e-9, 1e-5),
)
def test_our_own_waits_grow_but_never_beyond_the_longest(rng: random.Random, attempts: int, max_wait: float) -> None:
    """Each wait of our own is between half and all of the doubled one, and at most max_wait."""
    work = Work(*(RetryableError("busy") for _ in range(attempts - 1)))

    with capture_logs() as logs:
        retrying(work, what="work", attempts=attempts, first_wait=1e-9, max_wait=max_wait, rng=rng)

    assert len(work.calls) == attempts
    assert all(0 <= line["wait"] <= round(max_wait, 3) for line in logs)


def test_each_retry_is_one_line_in_the_log() -> None:
    """Every retry logs one line that names work, attempt, wait and error; the last failure logs none."""
    work = Work(RetryableError("busy", retry_after=0.0), RetryableError("busy still", retry_after=0.0))

    with capture_logs() as logs, pytest.raises(RetryableError):
        retrying(work, what="POST /upsert", attempts=2)

    assert logs == [
        {
            "event": "retry_scheduled",
            "log_level": "warning",
            "what": "POST /upsert",
            "attempt": 1,
            "of": 2,
            "wait": 0.0,
            "error": "busy",
        }
    ]


def test_an_error_that_is_not_worth_another_try_comes_out_at_once() -> None:
    """Of RetryableErrors one kind can be left out: whoever knows that the service is down does not wait for it."""
    work = Work(CircuitOpenError("down"))

    with pytest.raises(CircuitOpenError):
        retrying(work, what="work", but=CircuitOpenError, first_wait=0.001)

    assert len(work.calls) == 1


def test_those_who_were_told_the_same_wait_do_not_return_in_step() -> None:
    """A wait that the other side asks for is lengthened by up to a tenth, and never shortened."""
    work = Work(*(RetryableError("busy", retry_after=0.04) for _ in range(5)))

    with capture_logs() as logs:
        retrying(work, what="work", rng=random.Random(7))  # noqa: S311 - spreads waits

    waits = [line["wait"] for line in logs]
    assert all(0.04 <= wait <= 0.044 for wait in waits)
    assert len(set(waits)) > 1
