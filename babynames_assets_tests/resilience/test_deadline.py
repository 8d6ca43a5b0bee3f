"""Tests of work that is waited for no longer than a moment."""

import threading
import time

import pytest
import structlog

from babynames_assets.errors import RetryableError
from babynames_assets.resilience.deadline import within


def test_what_is_done_in_time_is_returned() -> None:
    """The usual case."""
    assert within(5, lambda: 7, what="work") == 7


def test_what_fails_in_time_fails() -> None:
    """With its own error."""
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0, what="work")


def test_what_takes_longer_is_given_up() -> None:
    """The caller goes on, and the work ends by itself later."""
    ended = threading.Event()
    started = time.monotonic()

    with pytest.raises(RetryableError, match=r"work: no answer within 0\.05 s"):
        within(0.05, ended.wait, what="work")

    assert time.monotonic() - started < 2
    ended.set()


def test_the_work_logs_as_its_caller_does() -> None:
    """The correlation id of a run stands in its lines too."""
    with structlog.contextvars.bound_contextvars(correlation_id="run 7"):
        found = within(5, structlog.contextvars.get_contextvars, what="work")

    assert found["correlation_id"] == "run 7"
