"""Tests of the rows of encrypted secrets, and of the lease that lets one process renew one."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.sealed_secrets import SealedSecrets
from babynames_assets.warehouse.tables import sealed_secrets


@pytest.fixture
def rows(engine: Engine) -> SealedSecrets:
    """The rows of an empty warehouse, on SQLite, MySQL and MariaDB in turn."""
    return SealedSecrets(engine)


def change(engine: Engine, **values: object) -> None:
    """Change all rows behind the back of the code."""
    with engine.begin() as connection:
        connection.execute(sealed_secrets.update().values(values))


def test_a_secret_is_read_as_it_was_written(rows: SealedSecrets) -> None:
    """With the version that the next writer has to name, and its age."""
    assert rows.read("token") is None

    assert rows.replace("token", "first", version=0)
    assert rows.replace("token", "second", version=1)

    found = rows.read("token")
    assert found is not None
    assert (found.name, found.sealed, found.version) == ("token", "second", 2)
    assert 0 <= found.age < 60


def test_a_writer_that_was_overtaken_writes_nothing(rows: SealedSecrets) -> None:
    """Of two that read the same version one is told so, and what the other wrote stays."""
    rows.replace("token", "first", version=0)

    assert rows.replace("token", "mine", version=1)
    assert not rows.replace("token", "late", version=1)
    assert not rows.replace("token", "later", version=0)

    found = rows.read("token")
    assert found is not None
    assert (found.sealed, found.version) == ("mine", 2)


def test_a_secret_grows_older_by_the_database_s_clock(rows: SealedSecrets, engine: Engine) -> None:
    """A clock that was set back makes it as good as new, and never younger than that."""
    rows.replace("token", "sealed", version=0)
    before = dt.datetime.now(dt.UTC).replace(tzinfo=None)

    change(engine, written_at=before - dt.timedelta(hours=1))
    old = rows.read("token")
    change(engine, written_at=before + dt.timedelta(hours=1))
    ahead = rows.read("token")

    assert old is not None
    assert 3600 <= old.age < 3660
    assert ahead is not None
    assert ahead.age == 0


def test_one_holder_keeps_the_others_out(rows: SealedSecrets) -> None:
    """It may hold on for longer; when it lets go, the next one has it."""
    assert rows.lease("token", "one", 60)
    assert not rows.lease("token", "two", 60)
    assert rows.lease("token", "one", 60)

    rows.release("token", "two")
    assert not rows.lease("token", "two", 60)
    rows.release("token", "one")

    assert rows.lease("token", "two", 60)


def test_writing_ends_the_lease(rows: SealedSecrets) -> None:
    """What was waited for is there."""
    rows.lease("token", "one", 60)

    rows.replace("token", "sealed", version=0)

    assert rows.lease("token", "two", 60)


def test_a_lease_on_one_secret_leaves_the_others_free(rows: SealedSecrets) -> None:
    """Two accounts are renewed side by side."""
    assert rows.lease("one", "first", 60)
    assert rows.lease("two", "second", 60)


def test_a_holder_that_died_is_forgotten_when_its_time_is_over(rows: SealedSecrets, engine: Engine) -> None:
    """Nobody has to mend anything by hand."""
    rows.lease("token", "dead", 60)
    change(engine, leased_until=dt.datetime.now(dt.UTC).replace(tzinfo=None) - dt.timedelta(seconds=1))

    assert rows.lease("token", "alive", 60)


def test_a_clock_that_was_set_back_does_not_hold_a_secret_for_hours(rows: SealedSecrets, engine: Engine) -> None:
    """A lease that ends later than a new one would is none."""
    rows.lease("token", "past", 60)
    change(engine, leased_until=dt.datetime.now(dt.UTC).replace(tzinfo=None) + dt.timedelta(hours=1))

    assert rows.lease("token", "present", 60)


def test_a_leased_secret_that_was_never_written_is_not_there(rows: SealedSecrets) -> None:
    """The row of a lease is not a secret yet."""
    rows.lease("token", "one", 60)

    assert rows.read("token") is None
    assert rows.all() == []


def test_of_many_that_ask_at_once_exactly_one_gets_the_lease(rows: SealedSecrets) -> None:
    """Also when the row does not exist yet and each would make it."""
    with ThreadPoolExecutor(6) as pool:
        taken = list(pool.map(lambda number: rows.lease("token", f"holder-{number}", 60), range(12)))

    assert taken.count(True) == 1


def test_resealing_changes_the_text_and_nothing_else(rows: SealedSecrets, engine: Engine) -> None:
    """A renewal under way goes on: its lease stays, and the version that it read is still there."""
    rows.replace("token", "old", version=0)
    rows.lease("token", "one", 60)
    with engine.connect() as connection:
        before = connection.execute(sa.select(sealed_secrets)).mappings().one()

    rows.reseal("token", "new", version=1)
    rows.reseal("token", "late", version=7)

    with engine.connect() as connection:
        after = connection.execute(sa.select(sealed_secrets)).mappings().one()
    assert dict(after) == {**before, "sealed": "new"}


def test_a_forgotten_secret_is_gone(rows: SealedSecrets) -> None:
    """The others stay; what is not there cannot be forgotten."""
    rows.replace("one", "sealed", version=0)
    rows.replace("two", "sealed", version=0)

    assert rows.forget("one")
    assert not rows.forget("one")

    assert [secret.name for secret in rows.all()] == ["two"]
