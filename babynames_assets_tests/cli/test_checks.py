"""Tests of babynames checks as a process: what it prints, how it ends."""

import json
from pathlib import Path

from babynames_assets.quality import books
from babynames_assets.quality.verdict import Verdict
from babynames_assets.warehouse.check_findings import CheckFinding
from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.cli.desks import desk_and_command
from babynames_assets_tests.cli.test_command import Command


def with_findings(engine: Engine, folder: Path) -> Command:
    """An installation whose checks found two things, one of them with a hostile text."""
    _, command = desk_and_command(folder, engine)
    verdicts = {
        "sex_is_f_or_m": Verdict(findings=[CheckFinding(2001, "2001-X-Zoë", "its sex is X")]),
        "every_line_is_accounted_for": Verdict(findings=[CheckFinding(None, "a.csv", "[red]one \x1b[2J is lost")]),
    }
    books.keep(engine, "validated/baby_names", verdicts, years=None, run_id="0123-4567")
    return command


def test_findings_are_listed_and_are_no_success(sqlite_engine: Engine, tmp_path: Path) -> None:
    """A script learns it by the exit code; a terminal gets no codes of others."""
    babynames = with_findings(sqlite_engine, tmp_path)

    finished = babynames("checks", "findings")

    assert finished.returncode == 1, finished.stderr
    assert "sex_is_f_or_m" in finished.stdout
    assert "2001-X-Zoë" in finished.stdout
    assert "[red]one" in finished.stdout
    assert "\x1b" not in finished.stdout
    assert "2 of 2 findings." in finished.stdout
    assert "docs/guides/morning-look.md" in finished.stdout


def test_findings_can_be_narrowed_and_read_by_a_program(sqlite_engine: Engine, tmp_path: Path) -> None:
    """One check, one year, as one JSON document."""
    babynames = with_findings(sqlite_engine, tmp_path)

    finished = babynames("checks", "findings", "--check", "sex_is_f_or_m", "--years", "2001", "--json")

    document = json.loads(finished.stdout)
    [found] = document["findings"]
    assert (document["total"], document["next_after"]) == (1, None)
    assert (found["year"], found["place"], found["run_id"]) == (2001, "2001-X-Zoë", "0123-4567")
    assert found["found_at"].endswith("+00:00")


def test_no_finding_is_a_success(sqlite_engine: Engine, tmp_path: Path) -> None:
    """All is well, in words."""
    _, babynames = desk_and_command(tmp_path, sqlite_engine)

    finished = babynames("checks", "findings")

    assert (finished.returncode, finished.stdout.strip()) == (0, "No check has found anything wrong.")
