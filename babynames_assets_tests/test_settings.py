"""Tests of the settings: where they come from, what a wrong one says, what never shows."""

import traceback
from pathlib import Path

import pytest

from babynames_assets.errors import ConfigurationError
from babynames_assets.settings import (
    configured_names,
    environment_with,
    load_settings,
    secret_values,
    secret_variables,
    variables,
)
from babynames_assets_tests.environment import clear_settings

CANARY = "pat-canary-0123456789"


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine, and no .env file, reaches these tests."""
    clear_settings(monkeypatch, tmp_path)


def test_nothing_set_means_the_embedded_defaults() -> None:
    """Without any variable the warehouse is a SQLite file in the state folder and the tier is the smallest."""
    settings = load_settings()

    assert settings.environment == "development"
    assert settings.warehouse_url.get_secret_value().endswith(".babynames/warehouse.sqlite")
    assert settings.landing_folder == Path(".babynames/landing")
    assert settings.hubspot.tier == "free"


def test_the_environment_sets_a_nested_field(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group and a field are joined by two underscores."""
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TIER", "enterprise")
    monkeypatch.setenv("BABYNAMES_INGEST__LANDING_FOLDER", "/srv/landing")

    settings = load_settings()

    assert settings.hubspot.tier == "enterprise"
    assert settings.landing_folder == Path("/srv/landing")


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The env file is read, and a variable of the environment replaces its value."""
    (tmp_path / "test.env").write_text("BABYNAMES_HUBSPOT__TIER=starter\nBABYNAMES_ENVIRONMENT=staging\n")
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TIER", "professional")

    settings = load_settings()

    assert settings.environment == "staging"
    assert settings.hubspot.tier == "professional"


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files set variables to the empty string; that means the default."""
    monkeypatch.setenv("BABYNAMES_KAGGLE__VERSION", "")

    assert load_settings().kaggle.version is None
    assert configured_names() == set()


def test_a_bad_value_names_the_variable_and_the_good_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message can be acted on without reading the code."""
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TIER", "gold")

    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    message = str(caught.value)
    assert "BABYNAMES_HUBSPOT__TIER" in message
    for good in ("free", "starter", "professional", "enterprise", "api_limit_increase", "oauth_app"):
        assert good in message


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two mistakes take one try to find, not two."""
    monkeypatch.setenv("BABYNAMES_ENVIRONMENT", "prod")
    monkeypatch.setenv("BABYNAMES_WAREHOUSE__POOL_SIZE", "many")

    with pytest.raises(ConfigurationError, match=r"(?s)BABYNAMES_ENVIRONMENT.*BABYNAMES_WAREHOUSE__POOL_SIZE"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BABYNAMES_KAGGLE__DATASET", "../etc/passwd"),
        ("BABYNAMES_KAGGLE__DATASET", "no-owner"),
        ("BABYNAMES_KAGGLE__BASE_URL", "ftp://example.org"),
        ("BABYNAMES_HUBSPOT__API_VERSION", "2026-04"),
        ("BABYNAMES_WAREHOUSE__MAX_DELETE_SHARE", "1.5"),
        ("BABYNAMES_HUBSPOT__READ_TIMEOUT", "0"),
    ],
)
def test_a_value_outside_its_domain_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A value that cannot work is refused at the start, not in the middle of a run."""
    monkeypatch.setenv(name, value)

    with pytest.raises(ConfigurationError, match=name):
        load_settings()


def test_an_unknown_variable_is_refused_with_the_closest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error in a name never means that a default is taken in silence."""
    monkeypatch.setenv("BABYNAMES_HUBSPT__TOKEN", CANARY)

    with pytest.raises(ConfigurationError, match="did you mean BABYNAMES_HUBSPOT__TOKEN") as caught:
        load_settings()

    assert CANARY not in str(caught.value)


def test_an_unknown_variable_of_the_env_file_is_refused_too(tmp_path: Path) -> None:
    """The file is held to the same names, also where none comes close."""
    (tmp_path / "test.env").write_text("BABYNAMES_QWERTY=1\n")

    with pytest.raises(ConfigurationError, match="BABYNAMES_QWERTY: no such setting\n"):
        load_settings()


def test_variables_of_the_test_suite_are_not_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The URL of a test server may stand in the environment."""
    monkeypatch.setenv("BABYNAMES_TEST_MYSQL_URL", "mysql+pymysql://root@127.0.0.1/test")

    assert load_settings().environment == "development"


def test_no_secret_shows_in_a_repr_or_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets stay hidden in repr, str and JSON, and in the error that another bad value causes."""
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TOKEN", CANARY)
    monkeypatch.setenv("BABYNAMES_KAGGLE__TOKEN", CANARY)
    monkeypatch.setenv("BABYNAMES_WAREHOUSE__URL", f"mysql+pymysql://app:{CANARY}@db/names")

    settings = load_settings()
    shown = [repr(settings), str(settings), settings.model_dump_json()]
    monkeypatch.setenv("BABYNAMES_ENVIRONMENT", "prod")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()

    assert all(CANARY not in text for text in [*shown, str(caught.value)])
    assert settings.hubspot.token is not None
    assert settings.hubspot.token.get_secret_value() == CANARY


def test_every_variable_is_described() -> None:
    """A setting without a description cannot be documented."""
    described = {name: description for name, _, description in variables()}

    assert len(described) > 20
    assert all(description.endswith(".") for description in described.values())


def test_a_child_process_inherits_this_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes win over what is there, and nothing else is lost."""
    monkeypatch.setenv("BABYNAMES_LOG_LEVEL", "info")

    child = environment_with({"BABYNAMES_LOG_LEVEL": "debug"})

    assert child["BABYNAMES_LOG_LEVEL"] == "debug"
    assert "PATH" in child


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_is_read_from_the_file_that_its_variable_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str
) -> None:
    """As Docker and Kubernetes mount it; a line end after it is not a part of it."""
    (tmp_path / "token").write_bytes(f"{CANARY}{ending}".encode())
    (tmp_path / "url").write_text("mysql+pymysql://app:pass word@db/names\n")
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("BABYNAMES_WAREHOUSE__URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TIER", "starter")

    settings = load_settings()

    assert settings.hubspot.token is not None
    assert settings.hubspot.token.get_secret_value() == CANARY
    assert settings.hubspot.tier == "starter"
    assert settings.warehouse_url.get_secret_value() == "mysql+pymysql://app:pass word@db/names"
    assert CANARY not in repr(settings)


def test_every_secret_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All of them at once, named by the env file."""
    address = f"https://example.test/{CANARY}"
    (tmp_path / "secret").write_text(CANARY)
    (tmp_path / "address").write_text(address)
    addresses = [name for name in secret_variables() if name.endswith("_URL")]
    lines = [f"{name}_FILE={tmp_path / ('address' if name in addresses else 'secret')}" for name in secret_variables()]
    (tmp_path / "test.env").write_text("\n".join(lines))

    settings = load_settings()

    hubspot, told = settings.hubspot, settings.notifications
    opened = [settings.secret_key, settings.warehouse.url, settings.kaggle.token, hubspot.token, hubspot.token_next]
    opened += [hubspot.oauth_client_secret, hubspot.oauth_refresh_token, told.slack_url, told.smtp_password]
    opened += [told.pagerduty_key, told.webhook_url, told.webhook_secret, told.heartbeat_url]
    opened += [settings.dagster.storage_url]
    assert len(opened) == len(secret_variables())
    assert {secret.get_secret_value() for secret in opened if secret} == {CANARY, address}
    assert None not in opened
    assert secret_values(settings) == [address, CANARY]
    assert CANARY not in repr(settings) + settings.model_dump_json()


def test_a_secret_that_is_set_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Which one is meant cannot be known; an empty variable is none."""
    (tmp_path / "token").write_text(CANARY)
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TOKEN", "")
    assert load_settings().hubspot.token is not None
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TOKEN", CANARY)

    with pytest.raises(ConfigurationError, match="are both set") as caught:
        load_settings()

    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "No such file"), (b"", "is empty"), (b"\n", "is empty"), (b"\xff\xfe" + CANARY.encode(), "not text")],
)
def test_a_file_without_a_secret_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None, reason: str
) -> None:
    """The message has the variable and the path, and nothing of what is in the file."""
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content)
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TOKEN_FILE", str(file))

    with pytest.raises(ConfigurationError, match=rf"BABYNAMES_HUBSPOT__TOKEN_FILE: the file .*{reason}") as caught:
        load_settings()

    assert str(file) in str(caught.value)
    assert "canary" not in str(caught.value).replace(str(file), "")


def test_only_secrets_are_read_from_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of another setting with the same ending does not exist."""
    monkeypatch.setenv("BABYNAMES_HUBSPOT__TIER_FILE", "/run/secrets/tier")

    with pytest.raises(ConfigurationError, match="BABYNAMES_HUBSPOT__TIER_FILE: no such setting"):
        load_settings()


@pytest.mark.parametrize("name", ["HUBSPOT__TOKEN", "HUBSPOT__TOKEN_NEXT", "KAGGLE__TOKEN", "SECRET_KEY"])
@pytest.mark.parametrize("end", ["\n", " ", "\t", "\r", "é", "\u2019", "\x1b[31m", "\u00a0"])
def test_a_token_that_no_header_can_carry_is_refused_unseen(
    monkeypatch: pytest.MonkeyPatch, name: str, end: str
) -> None:
    """Otherwise the HTTP library would refuse it, with an error that quotes it."""
    monkeypatch.setenv(f"BABYNAMES_{name}", CANARY + end)

    with pytest.raises(ConfigurationError, match=f"BABYNAMES_{name}: .*no token has") as caught:
        load_settings()

    assert CANARY not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("name", ["CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"])
def test_anything_of_an_oauth_app_means_oauth(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """So that a missing part is missed, instead of the whole being overlooked."""
    assert not load_settings().hubspot.uses_oauth

    monkeypatch.setenv(f"BABYNAMES_HUBSPOT__OAUTH_{name}", "x")

    assert load_settings().hubspot.uses_oauth
