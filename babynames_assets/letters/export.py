"""Dead letters as files: CSV for people and their spreadsheets, JSON lines for programs."""

import datetime as dt
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from babynames_assets.errors import FatalError
from babynames_assets.ingest.durable_files import replace_durably
from babynames_assets.letters.csv_cells import Output, write_rows
from babynames_assets.warehouse.letter_queries import StoredLetter

Form = Literal["csv", "jsonl"]

COLUMNS = tuple(field.name for field in fields(StoredLetter))


def write_letters(out: Output, letters: Iterable[StoredLetter], form: Form) -> int:
    """Write letters one after the other, however many there are, and return how many there were.

    Args:
        out: takes the text; it changes no line ends.
        letters: read one at a time.
        form: ``csv`` with a line of headings, or ``jsonl`` with an object a line.
    """
    return _WRITERS[form](out, letters)


def write_file(path: Path, letters: Iterable[StoredLetter], form: Form) -> int:
    """Write letters to a file, which is whole or as it was before; returns how many there were.

    Raises:
        FatalError: the file cannot be written.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as out:
            number = write_letters(out, letters, form)
            out.flush()
            os.fsync(out.fileno())
        replace_durably(partial, path)
    except OSError as error:
        raise FatalError(f"{path} cannot be written ({error.strerror}): name another file with --output.") from error
    finally:
        partial.unlink(missing_ok=True)
    return number


def as_json(letter: StoredLetter) -> dict[str, Any]:
    """A letter as JSON holds it; moments with their zone."""
    return {name: zoned(value) if isinstance(value, dt.datetime) else value for name, value in asdict(letter).items()}


def zoned(moment: dt.datetime) -> str:
    """A moment of a table, in UTC, with its zone."""
    return moment.replace(tzinfo=dt.UTC).isoformat()


def _write_csv(out: Output, letters: Iterable[StoredLetter]) -> int:
    return write_rows(out, _rows(letters)) - 1  # the headings are a row, but no letter


def _rows(letters: Iterable[StoredLetter]) -> Iterator[list[str]]:
    yield list(COLUMNS)
    for letter in letters:
        yield [_cell(value) for value in as_json(letter).values()]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def _write_jsonl(out: Output, letters: Iterable[StoredLetter]) -> int:
    number = 0
    for number, letter in enumerate(letters, start=1):  # noqa: B007 - the last one is the answer
        out.write(json.dumps(as_json(letter), ensure_ascii=False) + "\n")
    return number


_WRITERS: Mapping[Form, Callable[[Output, Iterable[StoredLetter]], int]] = MappingProxyType(
    {"csv": _write_csv, "jsonl": _write_jsonl}
)
