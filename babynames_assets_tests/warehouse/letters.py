"""Dead letters for tests: entered, found, and brought to a later hour."""

from dataclasses import replace

import sqlalchemy as sa

from babynames_assets.resilience.backoff import Backoff
from babynames_assets.warehouse import dead_letters, letter_queries
from babynames_assets.warehouse.dead_letters import DeadLetter
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.letter_queries import LetterEvent, LetterFilter, StoredLetter

LINE = DeadLetter("import", "a" * 64, 1984, {"line": 17, "text": "1984,F,=cmd|,x"}, "the births are negative", "a" * 64)
CONTACT = DeadLetter(
    service="sync",
    letter_key="1984-F-Mary",
    year=1984,
    payload={"firstname": "Mary", "births": "7"},
    error="CONFLICT: Contact already exists. Existing ID: 6001",
    category="CONFLICT",
    message="Contact already exists. Existing ID: 6001",
    correlation_id="0c1d",
)
ANYTHING = LetterFilter()


def contact(key: str) -> DeadLetter:
    """The letter of a contact."""
    return replace(CONTACT, letter_key=key)


def line(number: int) -> DeadLetter:
    """The letter of a line."""
    return replace(LINE, letter_key=f"{number:064}", payload={"line": number, "text": "x"})


def fail(engine: Engine, *letters: DeadLetter, backoff: Backoff | None = None) -> None:
    """Enter letters in a transaction of their own; contacts are tried again."""
    contacts = [letter for letter in letters if letter.service == "sync"]
    lines = [letter for letter in letters if letter.service == "import"]
    run_in_transaction(engine, lambda connection: dead_letters.record(connection, lines))
    run_in_transaction(
        engine, lambda connection: dead_letters.record(connection, contacts, backoff=backoff or Backoff())
    )


def found(engine: Engine, wanted: LetterFilter = ANYTHING) -> list[StoredLetter]:
    """The letters of a filter, by number."""
    return list(letter_queries.every_letter(engine, wanted))


def only(engine: Engine) -> StoredLetter:
    """The one letter that there is."""
    [letter] = found(engine)
    return letter


def history(engine: Engine, letter_id: int) -> list[LetterEvent]:
    """What happened to a letter."""
    with connect(engine) as connection:
        return letter_queries.history(connection, letter_id)


def let_hours_pass(engine: Engine) -> None:
    """Every moment that a letter waits for is over."""
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE dead_letters SET next_attempt_at = '2001-01-01 00:00:00' WHERE next_attempt_at IS NOT NULL")
        )
