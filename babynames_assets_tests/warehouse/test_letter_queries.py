"""Tests of reading the dead letters: filters, pages, reasons."""

import datetime as dt
import tracemalloc
from dataclasses import replace

import pytest
import sqlalchemy as sa

from babynames_assets.warehouse import letter_queries
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.letter_queries import LetterFilter, Reason, StoredLetter, every_letter
from babynames_assets.warehouse.rows import now
from babynames_assets_tests.warehouse.letters import ANYTHING, CONTACT, LINE, contact, fail, found, history, line, only


def keys(engine: Engine, wanted: LetterFilter) -> list[str]:
    """The letters of a filter; the number of them agrees with the count."""
    letters = [letter.letter_key for letter in found(engine, wanted)]
    with connect(engine) as connection:
        assert letter_queries.count(connection, wanted) == len(letters)
    return letters


def page(engine: Engine, **options: int) -> list[StoredLetter]:
    """A page of all letters."""
    with connect(engine) as connection:
        return letter_queries.page(connection, ANYTHING, **{"limit": 100, **options})


def test_hubspots_reason_is_kept_in_parts(engine: Engine) -> None:
    """Category, words and correlation id stand apart, so that nobody has to take a text to pieces."""
    fail(engine, CONTACT)

    letter = only(engine)

    assert (letter.category, letter.message, letter.correlation_id) == (
        "CONFLICT",
        "Contact already exists. Existing ID: 6001",
        "0c1d",
    )


def test_a_filter_narrows_by_each_of_its_parts(engine: Engine) -> None:
    """By number, service, status, years, and the parts work together."""
    fail(
        engine,
        LINE,
        replace(line(2), year=None),
        contact("1984-F-Mary"),
        replace(contact("2001-F-Zoe"), year=2001),
    )
    numbers = {letter.letter_key: letter.id for letter in found(engine)}

    assert keys(engine, ANYTHING) == list(numbers)
    assert keys(engine, LetterFilter(ids=[numbers["1984-F-Mary"], 10**9])) == ["1984-F-Mary"]
    assert keys(engine, LetterFilter(ids=[])) == []
    assert keys(engine, LetterFilter(service="sync")) == ["1984-F-Mary", "2001-F-Zoe"]
    assert keys(engine, LetterFilter(statuses=["open"])) == list(numbers)
    assert keys(engine, LetterFilter(statuses=["discarded", "resolved"])) == []
    assert keys(engine, LetterFilter(years=(2000, 2001))) == ["2001-F-Zoe"]
    assert keys(engine, LetterFilter(service="import", years=(1984, 1984))) == [LINE.letter_key]


@pytest.mark.parametrize(
    ("reason", "matches"),
    [
        ("CONFLICT", True),
        ("existing id", True),
        ("EXISTING ID", True),
        ("Existing ID: 6001", True),
        ("%", False),
        ("_ONFLICT", False),
        ("6001'; DROP TABLE dead_letters; --", False),
        ("NO_ANSWER", False),
    ],
)
def test_a_reason_is_a_category_or_a_part_of_the_text(engine: Engine, reason: str, matches: bool) -> None:
    """In any case, and no character of it means anything to the database."""
    fail(engine, CONTACT)

    assert bool(keys(engine, LetterFilter(reason=reason))) is matches


def test_since_means_the_last_attempt(engine: Engine) -> None:
    """What failed before is left out."""
    fail(engine, CONTACT)
    between = now()
    fail(engine, LINE)

    assert keys(engine, LetterFilter(since=between)) == [LINE.letter_key]
    assert keys(engine, LetterFilter(since=between + dt.timedelta(hours=1))) == []


def test_pages_follow_each_other_without_gap_or_overlap(engine: Engine) -> None:
    """Each begins behind the last number of the one before."""
    fail(engine, *(line(number) for number in range(5)))

    first = page(engine, limit=2)
    second = page(engine, limit=2, after=first[-1].id)
    third = page(engine, limit=2, after=second[-1].id)

    assert [letter.letter_key for letter in [*first, *second, *third]] == [
        line(number).letter_key for number in range(5)
    ]
    assert len(third) == 1


def test_the_history_tells_what_happened_in_its_order(engine: Engine) -> None:
    """Each failure with the words of its time and how many there had been; the letter itself shows the newest."""
    fail(engine, CONTACT)
    fail(engine, replace(CONTACT, error="NO_ANSWER: nothing", correlation_id="7f"))

    events = history(engine, only(engine).id)

    assert [(event.event, event.attempts, event.error, event.correlation_id) for event in events] == [
        ("failed", 1, CONTACT.error, "0c1d"),
        ("failed", 2, "NO_ANSWER: nothing", "7f"),
    ]
    assert events[0].happened_at <= events[1].happened_at <= now()


def test_the_most_frequent_reasons_come_first(engine: Engine) -> None:
    """Contacts are counted by category whatever their words, lines by their words; settled letters are not counted."""
    fail(
        engine,
        *(replace(contact(f"1984-F-Name{n}"), error=f"CONFLICT: Existing ID: {n}", message=f"ID {n}") for n in "abc"),
        replace(contact("1984-F-Zoe"), category="NO_ANSWER", error="NO_ANSWER: silence"),
        line(1),
        line(2),
        replace(line(3), error="the sex is empty"),
    )
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE dead_letters SET status = 'resolved' WHERE letter_key LIKE '%Zoe'"))

    with connect(engine) as connection:
        every = letter_queries.reasons(connection, limit=10)
        most = letter_queries.reasons(connection, limit=1)

    assert every == [
        Reason("sync", "CONFLICT", "CONFLICT: Existing ID: a", 3),
        Reason("import", None, "the births are negative", 2),
        Reason("import", None, "the sex is empty", 1),
    ]
    assert most == every[:1]


def test_two_million_letters_would_not_fill_the_memory(sqlite_engine: Engine) -> None:
    """Twenty thousand of 2,000 characters, 40 MB of text, pass through in less than a tenth of that."""
    fail(sqlite_engine, *(replace(line(number), payload={"text": "x" * 2000}) for number in range(20_000)))
    tracemalloc.start()

    letters = sum(1 for _ in every_letter(sqlite_engine, ANYTHING))

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert letters == 20_000
    assert peak < 8_000_000
