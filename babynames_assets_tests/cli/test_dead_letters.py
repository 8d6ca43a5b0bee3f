"""Tests of babynames dead-letters as a process: what it prints, what it changes, how it ends."""

import csv
import io
import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from babynames_assets.cli.letter_filters import AnyStatus, letter_filter, parse_since
from babynames_assets.errors import ConfigurationError
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.letter_claims import claim
from babynames_assets.warehouse.rows import now
from babynames_assets_tests.cli.desks import desk_and_command
from babynames_assets_tests.cli.test_command import Command
from babynames_assets_tests.hubspot.emulated import TOKEN, Emulated, emulated_hubspot
from babynames_assets_tests.loading.desk import Desk
from babynames_assets_tests.warehouse.letters import CONTACT, LINE, contact, fail, found, let_hours_pass, line

HOSTILE = "\x1b[31m[bold]red[/bold]\r\nnext line\u202e"


class Letters:
    """The command, and the letters of its warehouse by number."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        """With a line, numbered first, and two contacts."""
        self.engine = engine
        self.desk: Desk
        self.desk, self.command = desk_and_command(folder, engine)
        fail(engine, LINE, CONTACT, replace(contact("2001-F-Zoe"), year=2001, category="NO_ANSWER", error="silence"))
        self.line, self.mary, self.zoe = (str(letter.id) for letter in found(engine))

    def __call__(self, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the dead letters."""
        return self.command("dead-letters", *arguments, **changes)

    def statuses(self) -> list[str]:
        """Of each letter, in the order of the numbers."""
        return [letter.status for letter in found(self.engine)]


@pytest.fixture
def letters(sqlite_engine: Engine, tmp_path: Path) -> Letters:
    """A line and two contacts on SQLite."""
    return Letters(sqlite_engine, tmp_path)


@pytest.fixture
def letters_anywhere(engine: Engine, tmp_path: Path) -> Letters:
    """The same on SQLite, MySQL and MariaDB in turn."""
    return Letters(engine, tmp_path)


@pytest.fixture(scope="module")
def hubspot() -> Iterator[Emulated]:
    """An emulated HubSpot."""
    with emulated_hubspot() as emulated:
        yield emulated


def test_the_list_shows_what_a_person_needs_to_choose(letters: Letters) -> None:
    """Number, kind, year, status, when it is tried again, what it is and why; narrowed by filters."""
    everything = letters("list")
    contacts = letters("list", "--service", "sync", "--years", "1984", "--reason", "conflict", "--since", "1h")
    nothing = letters("list", "--status", "discarded")

    assert [finished.returncode for finished in (everything, contacts, nothing)] == [0, 0, 0]
    assert "3 of 3 letters" in everything.stdout
    assert "line 17: 1984,F,=cmd|,x" in everything.stdout
    assert "1984-F-Mary" in contacts.stdout
    assert "2001-F-Zoe" not in contacts.stdout
    assert "1 of 1 letters" in contacts.stdout
    assert "No dead letter is like that" in nothing.stdout


def test_pages_are_followed_by_the_number_that_the_last_one_names(letters_anywhere: Letters) -> None:
    """As JSON and as text."""
    letters = letters_anywhere
    first = json.loads(letters("list", "--limit", "2", "--json").stdout)
    second = json.loads(letters("list", "--limit", "2", "--json", "--after", str(first["next_after"])).stdout)
    text = letters("list", "--limit", "2").stdout

    assert [letter["letter_key"] for letter in first["letters"]] == [LINE.letter_key, "1984-F-Mary"]
    assert (first["total"], first["next_after"]) == (3, int(letters.mary))
    assert [letter["letter_key"] for letter in second["letters"]] == ["2001-F-Zoe"]
    assert second["next_after"] is None
    assert f"The next page: --after {letters.mary}" in text


def test_one_letter_is_shown_whole_with_its_history_and_what_to_do(letters: Letters) -> None:
    """For a person and for a program."""
    fail(letters.engine, replace(CONTACT, correlation_id="ffee"))

    text = letters("show", letters.mary)
    document = json.loads(letters("show", letters.mary, "--json").stdout)

    assert text.returncode == 0
    for part in ("CONFLICT", "Existing ID: 6001", "ffee", "0c1d", '"firstname": "Mary"', "What to do:", "retry"):
        assert part in text.stdout, part
    assert (document["category"], document["correlation_id"], document["attempts"]) == ("CONFLICT", "ffee", 2)
    assert [(event["event"], event["correlation_id"]) for event in document["history"]] == [
        ("failed", "0c1d"),
        ("failed", "ffee"),
    ]
    assert "merge or delete" in document["what_to_do"]


def test_a_text_from_outside_cannot_move_the_cursor(letters: Letters) -> None:
    """Neither escape sequences nor markup nor line ends of a refused text reach the terminal."""
    fail(letters.engine, replace(line(1), payload={"line": 1, "text": HOSTILE}, error=HOSTILE))

    shown = letters("list").stdout + letters("show", str(found(letters.engine)[-1].id)).stdout

    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "[bold]red[/bold]" in shown
    assert "\\x1b[31m" in shown


def test_a_retried_letter_is_sent_with_now(letters_anywhere: Letters, hubspot: Emulated) -> None:
    """The row is there, HubSpot takes it; the command says so and ends with 0."""
    letters = letters_anywhere
    hubspot.reset()
    letters.desk.take("1984,Mary,F,7\n")
    letters.desk.validate([1984])
    letters.desk.load([1984])
    settings = {"BABYNAMES_HUBSPOT__BASE_URL": hubspot.url, "BABYNAMES_HUBSPOT__TOKEN": TOKEN}

    finished = letters("retry", letters.mary, "--now", **settings)

    assert finished.returncode == 0, finished.stderr
    assert "Due now: 1 letter." in finished.stdout
    assert "Sent: 1 accepted, 0 refused again" in finished.stdout
    assert hubspot.births() == {"1984-F-Mary": "7"}
    assert letters.statuses()[1] == "resolved"


def test_a_retried_letter_is_left_to_the_sensor_without_now(letters: Letters) -> None:
    """No call is made, no token is needed; the command says who sends it."""
    finished = letters("retry", "--reason", "CONFLICT")

    assert finished.returncode == 0
    assert "Due now: 1 letter." in finished.stdout
    assert "due_dead_letters" in finished.stdout
    assert [taken.letter_key for taken in claim(letters.engine, "a redrive", limit=10)] == ["1984-F-Mary"]


def test_a_line_is_never_silently_not_retried(letters: Letters) -> None:
    """Named alone it is a failure, among others it is counted; each time the command says what to do instead."""
    alone = letters("retry", letters.line)
    among = letters("retry", "--all")

    assert (alone.returncode, among.returncode) == (1, 0)
    assert "Due now: 0 letters." in alone.stdout
    assert "Due now: 2 letters." in among.stdout
    for finished in (alone, among):
        assert "Passed over: 1 letter, of lines." in finished.stdout
        assert "raw/baby_names_csv and validated/baby_names" in finished.stdout


def test_what_a_redrive_holds_is_passed_over_with_the_reason(letters: Letters) -> None:
    """Whoever named it knows that nothing was decided."""
    let_hours_pass(letters.engine)
    claim(letters.engine, "a redrive", limit=10)

    finished = letters("discard", letters.mary, "--because", "known", "--yes")

    assert finished.returncode == 1
    assert "which a redrive sends at this moment" in finished.stdout
    assert letters.statuses() == ["open", "retrying", "retrying"]


def test_discarding_asks_first(letters: Letters) -> None:
    """Without a yes nothing is changed; the reason is kept, and a second time there is nothing to discard."""
    asked = letters("discard", letters.line, "--because", "known")
    unreasoned = letters("discard", letters.line, "--yes")
    done = letters("discard", letters.line, "--because", "known since 1984", "--yes")
    again = letters("discard", letters.line, "--because", "known", "--yes")

    assert [finished.returncode for finished in (asked, unreasoned, done, again)] == [1, 2, 0, 1]
    assert "Discard 1 letter?" in asked.stdout
    assert "--because" in unreasoned.stderr
    assert "Discarded: 1 letter." in done.stdout
    assert "already discarded" in again.stdout
    assert found(letters.engine)[0].note == "known since 1984"


def test_every_open_letter_is_meant_only_when_that_is_said(letters: Letters) -> None:
    """A forgotten filter must not discard everything: usage errors end with 2 and change nothing."""
    bare = letters("discard", "--because", "x", "--yes")
    both = letters("discard", letters.line, "--all", "--because", "x", "--yes")
    unchanged = letters.statuses()
    everything = letters("discard", "--all", "--because", "x", "--yes")

    assert [finished.returncode for finished in (bare, both, everything)] == [2, 2, 0]
    assert "--all" in bare.stderr
    assert unchanged == ["open"] * 3
    assert letters.statuses() == ["discarded"] * 3


def test_a_number_that_no_letter_has_is_a_message(letters: Letters) -> None:
    """The others that were named are changed all the same."""
    shown = letters("show", "9999")
    retried = letters("retry", letters.mary, "9999")

    assert [finished.returncode for finished in (shown, retried)] == [1, 1]
    for finished in (shown, retried):
        assert "There is no dead letter 9999" in finished.stderr
        assert "Traceback" not in finished.stderr
    assert "Due now: 1 letter." in retried.stdout


def test_an_export_goes_to_standard_output_or_to_a_file(letters_anywhere: Letters, tmp_path: Path) -> None:
    """The number of letters is on standard error, so that the output can be piped."""
    letters = letters_anywhere
    file = tmp_path / "letters.jsonl"

    piped = letters("export", "--service", "import")
    written = letters("export", "--format", "jsonl", "--output", str(file), "--status", "any")

    [heading, row] = csv.reader(io.StringIO(piped.stdout, newline=""))
    by_name = dict(zip(heading, row, strict=True))
    assert by_name["payload"] == '{"line": 17, "text": "1984,F,\'=cmd|,x"}'
    assert "Written: 1 letter" in piped.stderr
    assert [json.loads(text)["id"] for text in file.read_text().splitlines()] == [
        int(number) for number in (letters.line, letters.mary, letters.zoe)
    ]
    assert written.stdout == ""
    assert f"Written: 3 letters to {file}" in written.stderr


def test_a_warehouse_without_a_schema_is_a_message(tmp_path: Path) -> None:
    """What to run, for each of the commands."""
    babynames = Command(tmp_path)

    for arguments in (["list"], ["show", "1"], ["retry", "1"], ["export"]):
        finished = babynames("dead-letters", *arguments)

        assert finished.returncode == 1
        assert "babynames migrate up" in finished.stderr


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-24", "2026-11-24T00:00:00"),
        ("2026-11-24T16:30", "2026-11-24T16:30:00"),
        ("2026-11-24T16:30:00+02:00", "2026-11-24T14:30:00"),
        (" 2026-11-24T16:30Z ", "2026-11-24T16:30:00"),
    ],
)
def test_since_is_a_moment_in_utc(text: str, moment: str) -> None:
    """With or without a time, with or without a zone."""
    parsed = parse_since(text)

    assert parsed is not None
    assert parsed.isoformat() == moment


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5_400), ("36h", 129_600), ("7d", 604_800), ("0d", 0)])
def test_since_is_a_time_back_from_now(text: str, seconds: int) -> None:
    """In minutes, hours or days."""
    parsed = parse_since(text)

    assert parsed is not None
    assert abs((now() - parsed).total_seconds() - seconds) < 60


@pytest.mark.parametrize("text", ["yesterday", "7w", "-1d", "2026-13-01", "d", "999999d"])
def test_since_says_what_good_ones_look_like(text: str) -> None:
    """Whatever else was typed."""
    with pytest.raises(ConfigurationError, match="36h"):
        parse_since(text)


def test_without_a_status_the_open_ones_are_meant() -> None:
    """Those that a redrive holds included; any means all."""
    assert letter_filter(None, None, None, None, None).statuses == ("open", "retrying")
    assert letter_filter(None, [AnyStatus.DISCARDED], None, None, None).statuses == ["discarded"]
    everything = letter_filter(None, [AnyStatus.ANY], None, None, None).statuses
    assert everything == ["open", "retrying", "resolved", "discarded"]
