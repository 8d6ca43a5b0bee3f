"""Tests of how long the other side asks to be left alone."""

import pytest

from babynames_assets.resilience.retry_after import seconds_asked

NOON = 1_792_843_200.0  # 2026-10-24 12:00:00 UTC


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("30", 30.0),
        (" 30 ", 30.0),
        ("Sat, 24 Oct 2026 12:00:45 GMT", 45.0),
        ("Sat, 24 Oct 2026 11:00:00 GMT", 0.0),
        ("whenever", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_header_says_seconds_a_moment_or_nothing(header: str | None, seconds: float | None) -> None:
    """A moment that has passed asks for no wait."""
    assert seconds_asked(header, lambda: NOON) == seconds
