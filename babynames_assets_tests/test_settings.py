"""Tests of the settings: where they come from, what a wrong one says, what never shows."""

from pathlib import Path

import pytest

from babynames_assets.errors import ConfigurationError
from babynames_assets.settings import configured_names, environment_with, load_settings, variables
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
