"""Tests of what a person is told to do about a dead letter."""

from dataclasses import replace

import pytest

from babynames_assets.letters.advice import what_to_do
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.letter_queries import LetterFilter, StoredLetter
from babynames_assets_tests.warehouse.letters import CONTACT, LINE, fail, found


@pytest.fixture
def line(sqlite_engine: Engine) -> StoredLetter:
    """The letter of a line."""
    fail(sqlite_engine, LINE)
    return found(sqlite_engine, LetterFilter(service="import"))[0]


@pytest.fixture
def contact(sqlite_engine: Engine) -> StoredLetter:
    """The letter of a contact."""
    fail(sqlite_engine, CONTACT)
    return found(sqlite_engine, LetterFilter(service="sync"))[0]


@pytest.mark.parametrize("category", ["CONFLICT", "VALIDATION_ERROR", "OBJECT_NOT_FOUND", "NO_ANSWER", "NEW", None])
def test_every_category_has_a_next_step(contact: StoredLetter, category: str | None) -> None:
    """Each says something of its own, and when the contact is sent again."""
    advice = what_to_do(replace(contact, category=category))

    assert len(advice) > 100
    assert "sent again by itself after" in advice
    assert f"babynames dead-letters retry {contact.id}" in advice


def test_a_contact_without_further_attempts_needs_the_person(contact: StoredLetter) -> None:
    """That is said plainly."""
    assert "attempts are used up" in what_to_do(replace(contact, next_attempt_at=None))


def test_a_line_is_mended_where_it_comes_from(line: StoredLetter) -> None:
    """Not by sending; the assets are named."""
    advice = what_to_do(line)

    assert "raw/baby_names_csv and validated/baby_names" in advice
    assert "retry" not in advice


def test_a_settled_letter_asks_for_nothing(contact: StoredLetter, line: StoredLetter) -> None:
    """A decision can still be reversed, where sending again means something."""
    assert what_to_do(replace(contact, status="resolved")) == "Nothing: it is resolved."
    assert "retry" in what_to_do(replace(contact, status="discarded"))
    assert "retry" not in what_to_do(replace(line, status="discarded"))


def test_a_letter_that_is_being_sent_is_waited_for(contact: StoredLetter) -> None:
    """Until when, in case its redrive has died."""
    assert "at the latest" in what_to_do(replace(contact, status="retrying"))
