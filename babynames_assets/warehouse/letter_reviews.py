"""What a person decides of dead letters: to try again now, or to leave it at that."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import sqlalchemy as sa

from babynames_assets.warehouse import clock
from babynames_assets.warehouse.dead_letters import Service
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.letter_changes import applies, change_letters
from babynames_assets.warehouse.letter_queries import LetterFilter, matching
from babynames_assets.warehouse.letter_status import Change, Status
from babynames_assets.warehouse.rows import ROWS_IN_STATEMENT
from babynames_assets.warehouse.tables import dead_letters

_LETTERS = dead_letters.c


@dataclass
class Reviewed:
    """What became of the letters that were meant.

    Attributes:
        changed: letters that are now as it was decided.
        passed_over: letters to which the decision does not apply, by what they are.
    """

    changed: int = 0
    passed_over: Counter[tuple[Service, Status]] = field(default_factory=Counter)


def retry(engine: Engine, wanted: LetterFilter) -> Reviewed:
    """Make the letters of contacts due now, whatever attempts they had. Lines of files are passed over."""

    def change(connection: Connection, which: sa.ColumnElement[bool]) -> None:
        change_letters(connection, "retry", which, note=None, next_attempt_at=clock.moment(connection))

    return _review(engine, wanted, "retry", _LETTERS.service == "sync", change)


def discard(engine: Engine, wanted: LetterFilter, *, reason: str) -> Reviewed:
    """Leave it at the failure of some letters.

    Args:
        engine: the warehouse.
        wanted: the letters.
        reason: why, for whoever asks later; it is kept with each letter.
    """

    def change(connection: Connection, which: sa.ColumnElement[bool]) -> None:
        change_letters(connection, "discard", which, note=reason)

    return _review(engine, wanted, "discard", sa.true(), change)


def _review(
    engine: Engine,
    wanted: LetterFilter,
    change: Change,
    possible: sa.ColumnElement[bool],
    make: Callable[[Connection, sa.ColumnElement[bool]], None],
) -> Reviewed:
    """Go through the letters page by page, a transaction each, so that two million are neither in memory nor locked."""

    def next_page(connection: Connection, after: int) -> tuple[list[Any], set[int]]:
        query = sa.select(_LETTERS.id, _LETTERS.service, _LETTERS.status).order_by(_LETTERS.id)
        meant = query.where(matching(wanted, connection), _LETTERS.id > after).limit(ROWS_IN_STATEMENT)
        letters = list(connection.execute(meant))
        named = _LETTERS.id.in_([letter.id for letter in letters])
        fit = sa.select(_LETTERS.id).where(named, possible, applies(change, clock.moment(connection)))
        ids = set(connection.scalars(fit.with_for_update()))
        make(connection, _LETTERS.id.in_(ids))
        return letters, ids

    reviewed, after = Reviewed(), 0
    while True:
        letters, changed = run_in_transaction(engine, partial(next_page, after=after))
        reviewed.changed += len(changed)
        reviewed.passed_over.update((letter.service, letter.status) for letter in letters if letter.id not in changed)
        if len(letters) < ROWS_IN_STATEMENT:
            return reviewed
        after = letters[-1].id
