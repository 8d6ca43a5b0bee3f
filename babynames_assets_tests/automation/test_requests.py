"""Tests of requests that led to nothing: they are repeated, later each time."""

from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.automation.requests import Asked, ask
from babynames_assets.setting_groups import AutomationSettings

TERMS = AutomationSettings(retry_seconds=100, max_retry_seconds=1000)


def test_what_was_never_asked_for_is_asked_for_at_once() -> None:
    """There is nothing to wait for."""
    assert ask(None, "version 1", 50.0, TERMS) == Asked("version 1", 1, 50.0)


def test_the_same_thing_is_not_asked_for_again_before_its_wait_is_over() -> None:
    """A hundred seconds after the first try, two hundred after the second."""
    first = Asked("version 1", 1, 0.0)

    assert ask(first, "version 1", 99.9, TERMS) is None
    second = ask(first, "version 1", 100.0, TERMS)
    assert second == Asked("version 1", 2, 100.0)
    assert ask(second, "version 1", 299.9, TERMS) is None
    assert ask(second, "version 1", 300.0, TERMS) == Asked("version 1", 3, 300.0)


def test_another_thing_does_not_wait_for_what_failed_before() -> None:
    """A mended file is taken at once."""
    assert ask(Asked("version 1", 9, 0.0), "version 2", 1.0, TERMS) == Asked("version 2", 1, 1.0)


def test_the_wait_begins_when_the_run_has_ended() -> None:
    """A run of an hour that failed is not repeated at once."""
    asked = Asked("version 1", 1, 0.0).seen_under_way(3600.0)

    assert ask(asked, "version 1", 3650.0, TERMS) is None
    assert ask(asked, "version 1", 3700.0, TERMS) == Asked("version 1", 2, 3700.0)


@given(st.integers(1, 10**6))
def test_nothing_is_forgotten_and_nothing_hurries(tries: int) -> None:
    """Whatever failed however often comes back, after at least the first wait and at most the longest."""
    asked = Asked("version 1", tries, 0.0)

    assert ask(asked, "version 1", 1000.0, TERMS) is not None
    assert ask(asked, "version 1", 99.0, TERMS) is None
