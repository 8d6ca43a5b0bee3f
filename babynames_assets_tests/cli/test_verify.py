"""Tests of babynames verify as a process: what it prints, how it ends."""

import json
from pathlib import Path

import pytest

from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.cli.desks import desk_and_command
from babynames_assets_tests.cli.test_command import Command
from babynames_assets_tests.loading.desk import Desk

LINES = "".join(
    f"{year},{name},F,{births}\n" for year in (2001, 2002, 2003) for name, births in (("Mary", 9), ("Zoë", 7))
)
YEARS = (2001, 2002, 2003)


@pytest.fixture
def installed(engine: Engine, tmp_path: Path) -> tuple[Desk, Command]:
    """A loaded installation on each database, and the command."""
    desk, command = desk_and_command(tmp_path, engine)
    desk.take(LINES + "2003,Mary,F,9\n2003,Bad,X,1\n")
    desk.validate(YEARS)
    desk.load(YEARS)
    return desk, command


@pytest.fixture
def sqlite_installed(sqlite_engine: Engine, tmp_path: Path) -> tuple[Desk, Command]:
    """An installation with nothing but a raw file, on SQLite, and the command."""
    desk, command = desk_and_command(tmp_path, sqlite_engine)
    desk.take(LINES)
    return desk, command


def test_one_sentence_says_that_all_is_equal(installed: tuple[Desk, Command]) -> None:
    """It is the whole output, and the exit code is 0."""
    _, babynames = installed

    finished = babynames("verify")

    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stdout == (
        "9 lines = 1 header + 6 valid + 0 merged + 1 duplicates + 1 rejected; "
        "3 years: file = Parquet = table (6 rows).\n"
    )
    assert finished.stderr == ""


def test_a_missing_row_is_named_with_its_remedy(installed: tuple[Desk, Command]) -> None:
    """Year, sex, name and births stand there, and the exit code is 1."""
    desk, babynames = installed
    desk.damage("DELETE FROM baby_names WHERE year = 2002 AND name = 'Zoë'")

    finished = babynames("verify")

    assert finished.returncode == 1
    assert "table 2002: rows missing: 1" in finished.stdout
    assert "2002 'F' 'Zoë': expected 7 births, found no such row" in finished.stdout
    assert "BABYNAMES_WAREHOUSE__COMPARE=always" in finished.stdout
    assert "NOT EQUAL (table 2002)." in finished.stdout.splitlines()[-1]
    assert babynames("verify", "--years", "2003").returncode == 0


def test_json_holds_the_whole_finding(installed: tuple[Desk, Command]) -> None:
    """One document on standard output, with every row that is shown; the exit code is the same."""
    desk, babynames = installed
    desk.damage("UPDATE baby_names SET births = 90 WHERE year = 2001 AND name = 'Mary'")

    finished = babynames("verify", "--json")
    document = json.loads(finished.stdout)

    assert finished.returncode == 1
    assert document["is_equal"] is False
    assert document["file"]["lines"] == 9
    assert [year["year"] for year in document["years"]] == [2001, 2002, 2003]
    [finding] = document["findings"]
    assert (finding["place"], finding["kind"], finding["year"]) == ("table", "differs", 2001)
    assert finding["rows"]["examples"] == [{"year": 2001, "sex": "F", "name": "Mary", "expected": 9, "found": 90}]


def test_years_that_wait_to_be_loaded_are_one_line(sqlite_installed: tuple[Desk, Command]) -> None:
    """The exit code is 1, because the table is not the file, but nobody is frightened."""
    desk, babynames = sqlite_installed
    desk.validate(YEARS)
    desk.load([2002])

    finished = babynames("verify")

    assert finished.returncode == 1
    assert "table 2001, 2003: not loaded yet" in finished.stdout
    assert "nothing is lost, but not everything is loaded yet (table 2001, 2003)." in finished.stdout
    assert "NOT EQUAL" not in finished.stdout


def test_damage_and_delay_are_told_apart(sqlite_installed: tuple[Desk, Command]) -> None:
    """The sentence counts both."""
    desk, babynames = sqlite_installed
    desk.validate([2001, 2002])
    desk.load([2001, 2002])
    desk.damage("DELETE FROM baby_names WHERE year = 2001")

    finished = babynames("verify")

    assert "NOT EQUAL (table 2001); besides, not loaded yet (Parquet 2003; table 2003)." in finished.stdout


def test_a_name_from_outside_cannot_command_the_terminal(sqlite_installed: tuple[Desk, Command]) -> None:
    """Control characters and markup are shown, not obeyed."""
    desk, babynames = sqlite_installed
    desk.validate(YEARS)
    desk.load(YEARS)
    desk.damage("UPDATE baby_names SET name = :name WHERE year = 2001 AND name = 'Mary'", name="[red]\x1b[2JMary")

    finished = babynames("verify")

    assert "'[red]\\x1b[2JMary'" in finished.stdout
    assert "\x1b" not in finished.stdout


def test_an_edited_file_is_said_in_both_forms(sqlite_installed: tuple[Desk, Command]) -> None:
    """There is nothing to count any more, and that is what is said."""
    desk, babynames = sqlite_installed
    raw = desk.raw_files.current()
    assert raw is not None
    raw.path.chmod(0o644)
    raw.path.write_bytes(raw.path.read_bytes().replace(b"Mary", b"Marx"))

    plain, document = babynames("verify"), babynames("verify", "--json")

    assert (plain.returncode, document.returncode) == (1, 1)
    assert "raw file: " in plain.stdout
    assert raw.sha256 in plain.stdout
    assert "not what was kept" in plain.stdout.splitlines()[-1]
    assert json.loads(document.stdout)["file"] is None


@pytest.mark.parametrize("years", ["20xx", "2005-2001", "1950"])
def test_a_range_that_has_no_year_is_a_message(sqlite_installed: tuple[Desk, Command], years: str) -> None:
    """It shows what a good one is."""
    finished = sqlite_installed[1]("verify", "--years", years)

    assert finished.returncode == 1
    assert "2015-2024" in finished.stderr or "after the last" in finished.stderr or "2001 to 2003" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_an_installation_without_a_file_or_schema_is_told_what_to_do(tmp_path: Path) -> None:
    """First the schema, then the file."""
    babynames = Command(tmp_path)

    without_schema = babynames("verify")
    babynames("migrate", "up")
    without_file = babynames("verify")

    assert (without_schema.returncode, without_file.returncode) == (1, 1)
    assert "babynames migrate up" in without_schema.stderr
    assert "materialize raw/baby_names_csv first" in without_file.stderr
