"""Dead letters on a terminal."""

import datetime as dt
import json
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from babynames_assets.letters.advice import what_to_do
from babynames_assets.warehouse.letter_queries import LetterEvent, StoredLetter

_NARROWEST = 130
_LONGEST_CELL = 90


def printable(text: str) -> str:
    """Text from outside as a terminal may have it: what would move the cursor or turn the line is spelled out."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def counted(letters: int) -> str:
    """``1 letter``, or ``2 letters``."""
    return f"{letters:,} letter" + ("" if letters == 1 else "s")


def show_letters(console: Console, letters: Sequence[StoredLetter]) -> None:
    """One line a letter."""
    wide = Console(highlight=False, width=max(_NARROWEST, console.width))
    table = Table()
    for name in ("id", "of", "year", "status", "attempts", "next attempt (UTC)", "what", "reason"):
        table.add_column(name, justify="right" if name in ("id", "attempts") else "left", overflow="fold")
    for letter in letters:
        of = "contact" if letter.service == "sync" else "line"
        cells = [str(letter.id), of, str(letter.year or "-"), letter.status, str(letter.attempts), _next(letter)]
        table.add_row(*cells, *(escape(_short(text)) for text in (_what(letter), letter.error)))
    wide.print(table)


def show_letter(console: Console, letter: StoredLetter, events: Sequence[LetterEvent]) -> None:
    """Everything that is known of one, what happened to it, and what to do."""
    table = Table(title=f"Dead letter {letter.id}", show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in _parts(letter).items():
        table.add_row(name, escape(printable(value)))
    console.print(table)
    past = Table(title="History")
    for name in ("when (UTC)", "what", "attempts", "reason", "correlation id"):
        past.add_column(name, overflow="fold")
    for event in events:
        says = printable(event.error or event.note or "")
        cells = [_moment(event.happened_at), event.event, str(event.attempts), escape(says)]
        past.add_row(*cells, escape(printable(event.correlation_id or "")))
    console.print(past)
    console.print(f"[bold]What to do:[/bold] {escape(what_to_do(letter))}")


def _parts(letter: StoredLetter) -> dict[str, str]:
    parts = {
        "of": "a contact (sync)" if letter.service == "sync" else "a line of a file (import)",
        "key": letter.letter_key,
        "year": str(letter.year or ""),
        "status": letter.status,
        "note": letter.note or "",
        "attempts": str(letter.attempts),
        "first attempt (UTC)": _moment(letter.first_attempt_at),
        "last attempt (UTC)": _moment(letter.last_attempt_at),
        "next attempt (UTC)": _next(letter),
        "category": letter.category or "",
        "reason": letter.message or letter.error,
        "correlation id": letter.correlation_id or "",
        "file (SHA-256)": letter.source_sha256 or "",
        "payload": json.dumps(letter.payload, ensure_ascii=False),
    }
    return {name: value for name, value in parts.items() if value}


def _what(letter: StoredLetter) -> str:
    if letter.service == "sync":
        return letter.letter_key
    return f"line {letter.payload.get('line', '?')}: {letter.payload.get('text', '')}"


def _next(letter: StoredLetter) -> str:
    return _moment(letter.next_attempt_at) if letter.next_attempt_at else "-"


def _moment(moment: dt.datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def _short(text: str) -> str:
    shown = printable(text)
    return shown if len(shown) <= _LONGEST_CELL else shown[: _LONGEST_CELL - 1] + "…"
