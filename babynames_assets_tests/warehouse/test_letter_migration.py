"""Tests of the step to letters that are tried again: what the release before left behind, and what it still does."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from babynames_assets.warehouse import migrations
from babynames_assets.warehouse.engine import Engine, open_engine
from babynames_assets.warehouse.letter_claims import claim
from babynames_assets_tests.warehouse.letters import found, history

REVISION = "2026_11_24_0011"
ENTER = sa.text(
    "INSERT INTO dead_letters (service, letter_key, year, payload, error, attempts, first_attempt_at, last_attempt_at, "
    "status) VALUES (:service, :key, 2001, '{}', :error, 1, '2026-11-20 10:00:00', '2026-11-20 10:00:00', :status)"
)


def enter(engine: Engine, service: str, key: str, error: str, status: str = "open") -> None:
    """Enter a letter as the release before did."""
    with engine.begin() as connection:
        connection.execute(ENTER, {"service": service, "key": key, "error": error, "status": status})


@pytest.fixture
def before(warehouse_url: str) -> Iterator[Engine]:
    """A warehouse whose schema is that of the release before, on SQLite, MySQL and MariaDB in turn."""
    engine = open_engine(SecretStr(warehouse_url))
    migrations.up(engine)
    names = [revision.revision for revision in migrations.history()]
    migrations.down(engine, steps=len(names) - names.index(REVISION))
    yield engine
    engine.dispose()


def test_letters_of_contacts_that_were_open_become_due(before: Engine) -> None:
    """Until then nothing sent them again; their reason is taken to pieces, and lines stay as they are."""
    enter(before, "sync", "2001-F-Mary", "CONFLICT: Contact already exists. Existing ID: 6001")
    enter(before, "sync", "2001-F-Zoe", "CONFLICT: x", status="resolved")
    enter(before, "sync", "2001-F-Anna", "a text without a category")
    enter(before, "import", "a" * 64, "the year: empty")

    migrations.up(before)

    mary, zoe, anna, line = found(before)
    assert (mary.category, mary.message) == ("CONFLICT", "Contact already exists. Existing ID: 6001")
    assert mary.next_attempt_at == mary.last_attempt_at
    assert [letter.letter_key for letter in claim(before, "first", limit=10)] == ["2001-F-Mary", "2001-F-Anna"]
    assert (zoe.next_attempt_at, anna.category, line.next_attempt_at, line.category) == (None, None, None, None)
    assert history(before, mary.id) == []


def test_the_release_before_works_on_the_new_schema(engine: Engine) -> None:
    """While two releases run side by side it enters letters as it always did."""
    enter(engine, "sync", "2001-F-Mary", "CONFLICT: x")

    [letter] = found(engine)

    assert (letter.status, letter.category, letter.next_attempt_at) == ("open", None, None)


def test_the_way_back_keeps_the_letters(before: Engine) -> None:
    """Only what the step added goes."""
    enter(before, "sync", "2001-F-Mary", "CONFLICT: x")
    migrations.up(before)
    names = [revision.revision for revision in migrations.history()]

    migrations.down(before, steps=len(names) - names.index(REVISION))

    with before.connect() as connection:
        assert connection.execute(sa.text("SELECT letter_key, error, status FROM dead_letters")).all() == [
            ("2001-F-Mary", "CONFLICT: x", "open")
        ]
