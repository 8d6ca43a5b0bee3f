"""Tests of dead letters as files."""

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from babynames_assets.errors import FatalError
from babynames_assets.letters.export import COLUMNS, Form, write_file, write_letters
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.letter_queries import StoredLetter
from babynames_assets_tests.warehouse.letters import CONTACT, LINE, fail, found


@pytest.fixture
def letters(sqlite_engine: Engine) -> list[StoredLetter]:
    """A line that looks like a formula, and a contact."""
    fail(sqlite_engine, replace(LINE, error="=cmd|' /C calc'!A0"), CONTACT)
    return found(sqlite_engine)


def written(letters: list[StoredLetter], form: Form) -> str:
    """The file of some letters."""
    out = io.StringIO(newline="")
    assert write_letters(out, letters, form) == len(letters)
    return out.getvalue()


def test_a_spreadsheet_gets_every_column_and_no_formula(letters: list[StoredLetter]) -> None:
    """A line of headings, then a row a letter."""
    [heading, line, contact] = csv.reader(io.StringIO(written(letters, "csv"), newline=""))

    assert tuple(heading) == COLUMNS
    by_name = dict(zip(heading, line, strict=True))
    assert by_name["error"] == "'=cmd|' /C calc'!A0"
    assert (by_name["service"], by_name["year"], by_name["category"]) == ("import", "1984", "")
    assert json.loads(dict(zip(heading, contact, strict=True))["payload"]) == CONTACT.payload


def test_a_program_gets_an_object_a_line_as_it_was(letters: list[StoredLetter]) -> None:
    """Nothing is guarded there, payloads are objects, moments carry their zone."""
    [line, contact] = [json.loads(text) for text in written(letters, "jsonl").splitlines()]

    assert tuple(line) == COLUMNS
    assert line["error"] == "=cmd|' /C calc'!A0"
    assert line["payload"] == LINE.payload
    assert contact["first_attempt_at"].endswith("+00:00")
    assert contact["next_attempt_at"].endswith("+00:00")
    assert line["next_attempt_at"] is None


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_file_without_letters_is_a_file_all_the_same(tmp_path: Path, form: Form) -> None:
    """Headings alone, or nothing; whoever reads it finds a file."""
    assert write_file(tmp_path / "letters", [], form) == 0

    assert (tmp_path / "letters").read_text().count("\n") == (form == "csv")


def test_a_file_is_whole_or_as_it_was(tmp_path: Path, letters: list[StoredLetter]) -> None:
    """A database that goes away in the middle leaves the file of the day before, and no other."""

    def breaking_off() -> Iterator[StoredLetter]:
        yield letters[0]
        raise FatalError("The warehouse is gone.")

    path = tmp_path / "letters.csv"
    path.write_text("yesterday's")

    with pytest.raises(FatalError, match="gone"):
        write_file(path, breaking_off(), "csv")

    assert path.read_text() == "yesterday's"
    assert list(tmp_path.glob("letters*")) == [path]


def test_a_place_that_cannot_be_written_is_a_message(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(FatalError, match="name another file with --output"):
        write_file(tmp_path / "no" / "such" / "folder.csv", [], "csv")


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_file_of_any_size_passes_through(tmp_path: Path, letters: list[StoredLetter], form: Form) -> None:
    """Five thousand letters, 50 MB, take no more memory than a few."""
    one = replace(letters[1], payload={"text": "x" * 10_000})
    tracemalloc.start()

    write_file(tmp_path / "letters", (one for _ in range(5_000)), form)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "letters").stat().st_size > 50_000_000
    assert peak < 2_000_000
