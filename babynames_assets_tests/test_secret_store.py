"""Tests of the store of secrets that change at run time: unreadable without the key, and keys can be rotated."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from babynames_assets.errors import ConfigurationError, FatalError
from babynames_assets.secret_store import SecretStore, new_key
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.sealed_secrets import SealedSecrets

CANARY = "canary-na1-0011-2233"
OLD, NEW = new_key(), new_key()


def store(engine: Engine, *keys: str) -> SecretStore:
    """A store with these keys, the first of which encrypts."""
    return SecretStore(SealedSecrets(engine), SecretStr(",".join(keys)))


def readable(secrets: SecretStore) -> dict[str, bool]:
    """Which secrets a store can open."""
    return {one.name: one.is_readable for one in secrets.summaries()}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_secret_comes_back_as_it_was(sqlite_engine: Engine, text: str) -> None:
    """Whatever it holds."""
    secrets = store(sqlite_engine, OLD)
    found = secrets.read("token")

    assert secrets.write("token", SecretStr(text), version=found.version if found else 0)

    found = secrets.read("token")
    assert found is not None
    assert found.value.get_secret_value() == text


def test_the_row_does_not_hold_the_secret(engine: Engine) -> None:
    """Who reads the database learns nothing, and a repr says nothing."""
    store(engine, OLD).write("token", SecretStr(CANARY), version=0)

    found = store(engine, OLD).read("token")
    with engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT * FROM sealed_secrets").one()

    assert CANARY not in repr(row)
    assert found is not None
    assert CANARY not in repr(found)


def test_the_newest_key_encrypts_and_older_ones_still_open(sqlite_engine: Engine) -> None:
    """A key is rotated without a moment in which a secret cannot be read."""
    store(sqlite_engine, OLD).write("token", SecretStr(CANARY), version=0)

    assert store(sqlite_engine, NEW, OLD).reseal() == 1

    found = store(sqlite_engine, NEW).read("token")
    assert found is not None
    assert found.value.get_secret_value() == CANARY
    assert readable(store(sqlite_engine, OLD)) == {"token": False}
    assert readable(store(sqlite_engine, NEW)) == {"token": True}


def test_a_secret_of_another_key_says_what_to_do(sqlite_engine: Engine) -> None:
    """The message names the setting and the command, and holds no secret and no key."""
    store(sqlite_engine, OLD).write("token", SecretStr(CANARY), version=0)

    with pytest.raises(FatalError, match=r"BABYNAMES_SECRET_KEY.*babynames secrets forget token") as caught:
        store(sqlite_engine, NEW).read("token")

    assert all(secret not in str(caught.value) for secret in (CANARY, OLD, NEW))


def test_nothing_is_resealed_while_one_secret_cannot_be_opened(sqlite_engine: Engine) -> None:
    """The one that can be opened keeps its old key, which is still needed."""
    store(sqlite_engine, OLD).write("a", SecretStr(CANARY), version=0)
    store(sqlite_engine, new_key()).write("b", SecretStr(CANARY), version=0)

    with pytest.raises(FatalError, match="'b'"):
        store(sqlite_engine, NEW, OLD).reseal()

    assert readable(store(sqlite_engine, OLD)) == {"a": True, "b": False}


def test_without_a_key_there_is_no_store(sqlite_engine: Engine) -> None:
    """The message names the setting and the command that makes a key."""
    with pytest.raises(ConfigurationError, match=r"BABYNAMES_SECRET_KEY is not set.*babynames secrets new-key"):
        SecretStore(SealedSecrets(sqlite_engine), None)


@pytest.mark.parametrize(
    "keys",
    ["short", "", OLD + ",", f"{OLD},{CANARY}", OLD[:-5]],
    ids=["too short", "empty", "with a comma", "with another word", "cut off"],
)
def test_a_key_of_another_form_is_refused_without_being_shown(sqlite_engine: Engine, keys: str) -> None:
    """The message says which one and how to make a good one."""
    with pytest.raises(ConfigurationError, match=r"key [12] is not a key.*babynames secrets new-key") as caught:
        store(sqlite_engine, keys)

    assert CANARY not in str(caught.value)
    assert OLD not in str(caught.value)


def test_a_forgotten_secret_is_gone(sqlite_engine: Engine) -> None:
    """Also one that no key opens any more: that is what it is for."""
    store(sqlite_engine, new_key()).write("token", SecretStr(CANARY), version=0)

    assert store(sqlite_engine, NEW).forget("token")

    assert not store(sqlite_engine, NEW).forget("token")
    assert store(sqlite_engine, NEW).summaries() == []
