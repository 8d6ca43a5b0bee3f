"""Tests of what the token endpoint gives: how long it is used, and that it is kept whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from babynames_assets.hubspot.grants import Grant, as_secret, from_secret, name_of

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def grant(lifetime: float) -> Grant:
    """A grant that is good for so long."""
    return Grant(SecretStr("access-canary"), SecretStr("refresh-canary"), lifetime)


@pytest.mark.parametrize(
    ("lifetime", "seconds"), [(1800, 1440), (21600, 17280), (1500, 1200), (900, 600), (600, 300), (300, 150), (10, 5)]
)
def test_a_token_is_renewed_at_four_fifths_or_five_minutes_ahead(lifetime: float, seconds: float) -> None:
    """Whichever comes first; of a life of minutes at least a half is used."""
    assert grant(lifetime).renew_after == seconds


@given(st.floats(0.001, 10**7))
def test_a_token_is_renewed_in_the_second_half_of_its_life(lifetime: float) -> None:
    """However long that is: never so early that it asks without end, never so late that it is over."""
    assert lifetime / 2 <= grant(lifetime).renew_after <= lifetime * 0.8 < lifetime


@given(access=TEXT, refresh=TEXT, lifetime=st.floats(-10, 10**7))
def test_a_grant_comes_back_as_it_was_kept(access: str, refresh: str, lifetime: float) -> None:
    """Every text, and the lifetime to the last digit."""
    kept = Grant(SecretStr(access), SecretStr(refresh), lifetime)

    assert from_secret(as_secret(kept)) == kept


def test_a_grant_shows_no_secret() -> None:
    """Nor does the secret that it is kept as, or its name."""
    shown = repr(grant(1800)) + repr(as_secret(grant(1800))) + name_of("https://x", "id", SecretStr("refresh-canary"))

    assert "canary" not in shown


def test_every_line_of_tokens_has_a_name_of_its_own() -> None:
    """Another server, another app or another refresh token of the settings is another line; the same is the same."""
    names = {
        name_of("https://x", "id", SecretStr("one")),
        name_of("https://y", "id", SecretStr("one")),
        name_of("https://x", "other", SecretStr("one")),
        name_of("https://x", "id", SecretStr("two")),
        name_of("https://x", "id", SecretStr("one")),
    }

    assert len(names) == 4
    assert max(map(len, names)) <= 64
