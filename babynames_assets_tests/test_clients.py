"""Tests of how clients are made from the settings: which login is meant, and what a half one lacks."""

from pathlib import Path

import pytest

from babynames_assets.clients import open_hubspot_tokens
from babynames_assets.errors import ConfigurationError
from babynames_assets.hubspot.auth import StaticTokens
from babynames_assets.hubspot.oauth import OAuthTokens
from babynames_assets.secret_store import new_key
from babynames_assets.settings import load_settings
from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.environment import clear_settings

APP = {"OAUTH_CLIENT_ID": "app-1", "OAUTH_CLIENT_SECRET": "canary-secret", "OAUTH_REFRESH_TOKEN": "canary-refresh"}


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches these tests."""
    clear_settings(monkeypatch, tmp_path)
    monkeypatch.setenv("BABYNAMES_SECRET_KEY", new_key())


def configure(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    """Set settings of HubSpot."""
    for name, value in values.items():
        monkeypatch.setenv(f"BABYNAMES_HUBSPOT__{name}", value)


def test_the_new_token_is_preferred(monkeypatch: pytest.MonkeyPatch, sqlite_engine: Engine) -> None:
    """While both are set; alone, either is used."""
    configure(monkeypatch, TOKEN="pat-old")
    alone = open_hubspot_tokens(load_settings(), sqlite_engine).current()
    configure(monkeypatch, TOKEN_NEXT="pat-new")
    both = open_hubspot_tokens(load_settings(), sqlite_engine)
    configure(monkeypatch, TOKEN="")
    new_alone = open_hubspot_tokens(load_settings(), sqlite_engine).current()

    assert isinstance(both, StaticTokens)
    assert alone.token.get_secret_value() == "pat-old"
    assert both.current().token.get_secret_value() == "pat-new"
    assert new_alone == both.current()


def test_an_oauth_app_is_used_instead_of_a_token(monkeypatch: pytest.MonkeyPatch, sqlite_engine: Engine) -> None:
    """Nothing is asked for before a token is needed."""
    configure(monkeypatch, **APP)

    assert isinstance(open_hubspot_tokens(load_settings(), sqlite_engine), OAuthTokens)


def test_no_login_says_what_to_set(sqlite_engine: Engine) -> None:
    """The variable and the scopes."""
    with pytest.raises(ConfigurationError, match=r"BABYNAMES_HUBSPOT__TOKEN .*crm\.objects\.contacts\.write"):
        open_hubspot_tokens(load_settings(), sqlite_engine)


@pytest.mark.parametrize("missing", list(APP))
def test_half_an_oauth_app_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, sqlite_engine: Engine, missing: str
) -> None:
    """Only that, and where it is to be found; no secret of the other half."""
    configure(monkeypatch, **{name: value for name, value in APP.items() if name != missing})

    with pytest.raises(ConfigurationError, match=rf"OAuth needs BABYNAMES_HUBSPOT__{missing} too") as caught:
        open_hubspot_tokens(load_settings(), sqlite_engine)

    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("name", ["TOKEN", "TOKEN_NEXT"])
def test_two_logins_are_one_too_many(monkeypatch: pytest.MonkeyPatch, sqlite_engine: Engine, name: str) -> None:
    """A token that was forgotten never decides in silence into which account rows go."""
    configure(monkeypatch, **APP, **{name: "pat-canary"})

    with pytest.raises(ConfigurationError, match=rf"BABYNAMES_HUBSPOT__{name} and .*OAUTH.* are set") as caught:
        open_hubspot_tokens(load_settings(), sqlite_engine)

    assert "canary" not in str(caught.value)


def test_an_oauth_app_without_a_key_says_how_to_make_one(
    monkeypatch: pytest.MonkeyPatch, sqlite_engine: Engine
) -> None:
    """Its tokens are never kept in plain text."""
    configure(monkeypatch, **APP)
    monkeypatch.setenv("BABYNAMES_SECRET_KEY", "")

    with pytest.raises(ConfigurationError, match=r"BABYNAMES_SECRET_KEY is not set.*babynames secrets new-key"):
        open_hubspot_tokens(load_settings(), sqlite_engine)
