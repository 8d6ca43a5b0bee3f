"""Tests of the dead letters."""

import datetime as dt
import time
from dataclasses import replace

import pytest
import sqlalchemy as sa

from babynames_assets.warehouse import dead_letters, letter_queries
from babynames_assets.warehouse.dead_letters import DeadLetter
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.letter_queries import LetterFilter, StoredLetter
from babynames_assets.warehouse.letter_status import UNSETTLED
from babynames_assets.warehouse.rows import now

LINE = DeadLetter("import", "a" * 64 + ":17", 1984, {"line": 17, "text": "1984,F,=cmd|,x"}, "births: x", "a" * 64)
CONTACT = DeadLetter("sync", "1984-F-Mary", 1984, {"name": "Mary", "births": 7}, "INVALID_EMAIL")


def record(engine: Engine, *letters: DeadLetter) -> None:
    """Enter letters in a transaction of their own."""
    run_in_transaction(engine, lambda connection: dead_letters.record(connection, letters))


def sample(engine: Engine, service: dead_letters.Service = "import", limit: int = 10) -> list[StoredLetter]:
    """The oldest open letters."""
    with connect(engine) as connection:
        return letter_queries.page(connection, LetterFilter(service=service, statuses=UNSETTLED), limit=limit)


def counts(engine: Engine) -> dict[str, int]:
    """Open letters by service."""
    with connect(engine) as connection:
        return letter_queries.counts(connection)


def test_a_letter_keeps_everything_that_was_known(engine: Engine) -> None:
    """Whoever reviews it sees the identity, the input, the reason and the moments."""
    before = now()
    record(engine, LINE)

    [letter] = sample(engine)

    assert (letter.service, letter.letter_key, letter.year) == ("import", LINE.letter_key, 1984)
    assert (letter.payload, letter.error, letter.attempts, letter.status) == (LINE.payload, "births: x", 1, "open")
    assert before <= letter.first_attempt_at == letter.last_attempt_at <= now()


def test_the_same_failure_again_is_the_same_letter(engine: Engine) -> None:
    """Its attempts go up, its newest reason and input are kept, and the first moment stays."""
    record(engine, CONTACT)
    [first] = sample(engine, "sync")

    record(engine, replace(CONTACT, payload={"births": 8}, error="INVALID_OPTION"))

    [second] = sample(engine, "sync")
    assert (second.attempts, second.error, second.payload) == (2, "INVALID_OPTION", {"births": 8})
    assert second.first_attempt_at == first.first_attempt_at <= second.last_attempt_at


def test_many_letters_that_are_known_each_have_one_more_attempt(engine: Engine) -> None:
    """The update works in statements of many rows too, and for a key that comes twice in one of them."""
    letters = [replace(LINE, letter_key=f"line:{number}") for number in range(1500)]
    record(engine, *letters)

    record(engine, *letters, letters[0])

    with connect(engine) as connection:
        attempts = connection.execute(
            sa.text("SELECT attempts, COUNT(*) FROM dead_letters GROUP BY attempts ORDER BY attempts")
        ).all()
    assert [tuple(row) for row in attempts] == [(2, 1499), (3, 1)]


def test_keys_that_differ_by_case_or_accent_are_different_letters(engine: Engine) -> None:
    """Zoe and Zoë may both fail."""
    record(engine, *(replace(CONTACT, letter_key=f"2001-F-{name}") for name in ("Zoe", "Zoë", "zoe")))

    assert counts(engine) == {"sync": 3}


def test_the_services_do_not_share_keys(engine: Engine) -> None:
    """A line and a contact with the same key are two letters."""
    record(engine, replace(LINE, letter_key="same"), replace(CONTACT, letter_key="same"))

    assert counts(engine) == {"import": 1, "sync": 1}


def test_hostile_text_is_kept_as_it_came(engine: Engine) -> None:
    """What was refused is exactly what somebody needs to see: quotes, NUL, percent signs, emoji, other scripts."""
    text = "'; DROP TABLE dead_letters; -- \x00 %s %(year)s \\ \" 👶 名 \u202e"
    record(engine, replace(LINE, payload={"text": text}, error=text.replace("\x00", "")))

    [letter] = sample(engine)

    assert letter.payload == {"text": text}
    assert letter.error == text.replace("\x00", "")


def test_a_payload_of_a_megabyte_fits(engine: Engine) -> None:
    """A line may be that long when a quote is never closed."""
    record(engine, replace(LINE, payload={"text": "ü" * 1_000_000}))

    assert len(sample(engine)[0].payload["text"]) == 1_000_000


def test_a_letter_shows_no_payload_in_its_representation(sqlite_engine: Engine) -> None:
    """Logs of letters do not repeat what the letters hold."""
    record(sqlite_engine, CONTACT)

    [letter] = sample(sqlite_engine, "sync")

    assert "births" in letter.payload
    assert "births" not in repr(letter)


def test_a_resolved_letter_is_no_longer_open(engine: Engine) -> None:
    """Only those that are named are closed, and only of that service; unknown keys are passed over."""
    keys = [f"2001-F-Name{number}" for number in range(1500)]
    record(engine, *(replace(CONTACT, letter_key=key) for key in keys), replace(LINE, letter_key=keys[0]))

    run_in_transaction(engine, lambda connection: dead_letters.resolve(connection, "sync", [*keys[1:], "unknown"]))

    assert counts(engine) == {"import": 1, "sync": 1}
    assert [letter.letter_key for letter in sample(engine, "sync")] == [keys[0]]


def test_a_resolved_letter_opens_again_when_it_fails_again(engine: Engine) -> None:
    """A relapse is not lost because the thing once went through; its attempts are counted anew."""
    record(engine, CONTACT)
    run_in_transaction(engine, lambda connection: dead_letters.resolve(connection, "sync", [CONTACT.letter_key]))
    assert counts(engine) == {}

    record(engine, CONTACT)

    assert counts(engine) == {"sync": 1}
    assert sample(engine, "sync")[0].attempts == 1


def test_a_newer_file_closes_the_letters_of_the_older(engine: Engine) -> None:
    """A line that the newest file does not have cannot be mended any more; letters of the sync are another matter."""
    newer = replace(LINE, letter_key="newer", source_sha256="b" * 64)
    record(engine, LINE, newer, CONTACT)

    run_in_transaction(engine, lambda connection: dead_letters.resolve_import_except(connection, "b" * 64))

    assert counts(engine) == {"import": 1, "sync": 1}
    assert [letter.letter_key for letter in sample(engine)] == ["newer"]


def test_a_discarded_letter_stays_closed_when_a_newer_file_comes(engine: Engine) -> None:
    """What a person decided is not overwritten."""
    record(engine, LINE)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE dead_letters SET status = 'discarded'"))

    run_in_transaction(engine, lambda connection: dead_letters.resolve_import_except(connection, "b" * 64))

    with connect(engine) as connection:
        assert connection.scalar(sa.text("SELECT status FROM dead_letters")) == "discarded"


def test_a_letter_without_a_year_is_kept_too(engine: Engine) -> None:
    """The year itself may be what could not be read."""
    record(engine, replace(LINE, year=None))

    assert sample(engine)[0].year is None


def test_a_status_that_does_not_exist_is_refused_by_the_database(engine: Engine) -> None:
    """A typing error in a statement cannot hide a letter from every count."""
    record(engine, LINE)

    def misspell(connection: Connection) -> None:
        connection.execute(sa.text("UPDATE dead_letters SET status = 'opne'"))

    with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
        misspell(connection)


def test_twenty_thousand_rejects_are_recorded_in_seconds(engine: Engine) -> None:
    """A file that is wrong throughout does not stop a run for minutes."""
    letters = [replace(LINE, letter_key=f"line:{number}") for number in range(20_000)]
    start = time.monotonic()

    record(engine, *letters)

    assert dt.timedelta(seconds=time.monotonic() - start) < dt.timedelta(seconds=20)
    assert counts(engine) == {"import": 20_000}
