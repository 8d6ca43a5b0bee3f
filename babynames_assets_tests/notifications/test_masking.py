"""Tests of secrets cut out of texts, and of texts made short enough to read."""

import pytest

from babynames_assets.notifications.masking import MASK, first_line, masked
from babynames_assets.notifications.news import years_text
from babynames_assets.notifications.texts import facts, headline, plain
from babynames_assets_tests.notifications.samples import MESSAGE, outgoing


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mysql+pymysql://app:hunter22@db/names is gone", "hunter22"),
        ("Authorization: Bearer abc.def-123456", "abc.def-123456"),
        ("token=abcdef12 was refused", "abcdef12"),
        ("{'password': 'hunter22'}", "hunter22"),
        ("pat-na1-1234-5678", "1234"),
        ("POST https://hooks.slack.com/services/T0/B0/XyZ failed", "XyZ"),
        ("HUBSPOT__OAUTH_CLIENT_SECRET: hunter22", "hunter22"),
    ],
)
def test_what_looks_like_a_secret_is_cut_out(text: str, secret: str) -> None:
    """Nobody has to know it beforehand."""
    assert secret not in masked(text)
    assert MASK in masked(text)


@pytest.mark.parametrize("text", ["3 rows of 2001 are missing", "The token endpoint answered 500", "key: 1984-F-Mary"])
def test_what_says_something_stays(text: str) -> None:
    """Words alone are no secret."""
    assert masked(text) == text


def test_a_known_secret_is_cut_out_wherever_it_stands() -> None:
    """One that is a word of every text is not: nothing would be left to read."""
    assert masked("abcXYZ123def", ["XYZ123"]) == f"abc{MASK}def"
    assert masked("the year is wrong", ["the"]) == "the year is wrong"


def test_the_first_line_says_something_and_ends() -> None:
    """Empty lines and those behind are left out, and one without an end is cut."""
    assert first_line("\n  \n a   b \nc") == "a b"
    assert first_line("") == ""
    assert len(first_line("x" * 1_000)) == 300
    assert first_line("x" * 1_000).endswith("…")


@pytest.mark.parametrize(
    ("years", "text"),
    [((), ""), (("",), ""), (("2001",), "2001"), (("2003", "2001", "2002", "1999"), "1999, 2001-2003")],
)
def test_years_are_told_as_ranges(years: tuple[str, ...], text: str) -> None:
    """Short, also where it is all of history."""
    assert years_text(years) == text


def test_a_text_tells_what_is_known_and_no_more() -> None:
    """A thing without years has no line of them, and its end says nothing of what to do."""
    resolved = outgoing(event="resolved", years="", link=None, run_id=None, times_seen=1).message

    assert headline(resolved) == "Resolved: warehouse/baby_names failed"
    assert [name for name, _ in facts(resolved)] == ["Where", "Why", "Since", "Installation"]
    assert plain(MESSAGE).splitlines()[0] == "warehouse/baby_names failed (2001-2003)"
    assert dict(facts(MESSAGE))["Since"] == "2026-11-24T02:00:00+00:00, 2 times"
