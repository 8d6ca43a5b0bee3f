"""Tests of babynames ledger as a process: what it prints, how it ends."""

import json
from pathlib import Path

import pytest

from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.cli.desks import desk_and_command
from babynames_assets_tests.cli.test_command import Command
from babynames_assets_tests.loading.desk import Desk

FIRST = "2001,Mary,F,9\n2001,Zoë,F,7\n2001,Mary,F,9\n2002,Mary,F,8\n2002,Bad,X,1\nsoon,Mary,F,1\n"
SECOND = FIRST + "2003,Mary,F,5\n"


@pytest.fixture
def installed(engine: Engine, tmp_path: Path) -> tuple[Desk, Command]:
    """An installation that loaded one file, and of the next one only a year, on each database."""
    desk, command = desk_and_command(tmp_path, engine)
    desk.take(FIRST)
    desk.validate([2001, 2002])
    desk.load([2001, 2002])
    desk.take(SECOND)
    desk.validate([2001, 2002, 2003])
    desk.load([2001])
    return desk, command


def versions(desk: Desk) -> tuple[str, str]:
    """The older and the newer version."""
    newer = desk.raw_files.current()
    assert newer is not None
    manifests = [json.loads(path.read_text())[0] for path in desk.raw_files.folder.glob("*/manifest.json")]
    [older] = [manifest["version"] for manifest in manifests if manifest["version"] != newer.version]
    return older, newer.version


def cells(line: str) -> list[str]:
    """The cells of a line of a printed table."""
    return [cell.strip() for cell in line.replace("┃", "│").strip("│").split("│")]


def test_the_ledger_shows_what_the_table_holds(installed: tuple[Desk, Command]) -> None:
    """One line a year with its counts, their totals, and the books of each file as a whole."""
    desk, babynames = installed
    older, newer = versions(desk)

    finished = babynames("ledger")

    assert finished.returncode == 0, finished.stderr
    shown = [cells(line) for line in finished.stdout.splitlines() if line.startswith("│")]
    by_year = {line[0]: line for line in shown}
    assert by_year["2001"][1:11] == [newer, "3", "2", "0", "1", "0", "0", "0", "0", "2"]
    assert by_year["2002"][1:11] == [older, "2", "1", "0", "0", "1", "1", "0", "0", "0"]
    assert by_year["2003"][1:11] == [newer, "1", "1", "0", "0", "0", "-", "-", "-", "-"]
    assert by_year["2003"][-1] == "not loaded"
    assert by_year["2001"][-2] == "01234567"
    assert by_year["total"][2:7] == ["6", "4", "0", "1", "1"]
    assert (
        f"names.csv of names.csv version {newer}: "
        "8 lines = 1 header + 4 valid + 0 merged + 1 duplicates + 2 rejected\n" in finished.stdout
    )
    assert f"version {older}: 7 lines = 1 header + 3 valid" in finished.stdout


def test_json_has_every_column(installed: tuple[Desk, Command]) -> None:
    """Moments carry their zone, and digests are whole."""
    desk, babynames = installed
    raw = desk.raw_files.current()
    assert raw is not None

    document = json.loads(babynames("ledger", "--years", "2001", "--json").stdout)

    [entry] = document["entries"]
    [source] = document["sources"]
    assert entry["source_sha256"] == source["source_sha256"] == raw.sha256
    assert (entry["dataset"], entry["version"], entry["file_name"]) == (raw.dataset, raw.version, "names.csv")
    assert (entry["bytes"], entry["year"], entry["valid"], entry["unchanged"]) == (raw.bytes, 2001, 2, 2)
    assert (entry["run_id"], entry["is_current"]) == ("0123456789-run", True)
    assert len(entry["digest"]) == 64
    assert entry["scanned_at"].endswith("+00:00")
    assert entry["loaded_at"].endswith("+00:00")
    assert (source["lines"], source["unplaced"], document["totals"]["lines"]) == (8, 1, 3)


def test_every_version_of_each_year_or_one_of_them_can_be_shown(installed: tuple[Desk, Command]) -> None:
    """Loaded or not."""
    desk, babynames = installed
    older, newer = versions(desk)

    everything = json.loads(babynames("ledger", "--all", "--json").stdout)
    one = json.loads(babynames("ledger", "--version", newer, "--json").stdout)
    within = json.loads(babynames("ledger", "--all", "--years", "2002-2003", "--json").stdout)

    assert [(entry["year"], entry["version"]) for entry in everything["entries"]] == [
        (2001, older),
        (2001, newer),
        (2002, older),
        (2002, newer),
        (2003, newer),
    ]
    assert [(entry["year"], entry["version"]) for entry in one["entries"]] == [
        (2001, newer),
        (2002, newer),
        (2003, newer),
    ]
    assert [entry["year"] for entry in within["entries"]] == [2002, 2002, 2003]


def test_books_that_do_not_balance_are_said(installed: tuple[Desk, Command]) -> None:
    """The line names both sums and the command that finds out more."""
    desk, babynames = installed
    desk.damage("UPDATE ledger SET valid = valid - 1 WHERE year = 2003")

    finished = babynames("ledger")

    assert "8 lines is not 1 header + 3 valid + 0 merged + 1 duplicates + 2 rejected: 7. Run: babynames verify" in (
        finished.stdout
    )


def test_an_empty_ledger_says_what_to_do(tmp_path: Path) -> None:
    """It is no error; without a schema the message says how to make one."""
    babynames = Command(tmp_path)

    without_schema = babynames("ledger")
    babynames("migrate", "up")
    plain, document = babynames("ledger"), babynames("ledger", "--json")

    assert without_schema.returncode == 1
    assert "babynames migrate up" in without_schema.stderr
    assert (plain.returncode, document.returncode) == (0, 0)
    assert "The ledger is empty" in plain.stdout
    assert "raw/baby_names_csv" in plain.stdout
    assert json.loads(document.stdout)["entries"] == []


def test_what_the_ledger_does_not_have_is_a_message(sqlite_engine: Engine, tmp_path: Path) -> None:
    """With what it does have."""
    desk, babynames = desk_and_command(tmp_path, sqlite_engine)
    raw = desk.take(FIRST)
    desk.validate([2001, 2002])

    version, years, text = (
        babynames("ledger", "--version", "99"),
        babynames("ledger", "--years", "1950-1960"),
        babynames("ledger", "--years", "20xx"),
    )

    assert [finished.returncode for finished in (version, years, text)] == [1, 1, 1]
    assert raw.version in version.stderr
    assert "it has 2001 to 2002" in years.stderr
    assert "2015-2024" in text.stderr
    assert "Traceback" not in version.stderr + years.stderr + text.stderr
