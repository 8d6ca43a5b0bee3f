"""Tests of what is said of the frames of years that are not whole."""

from pathlib import Path

import pytest

from babynames_assets.loading.sources import scan_raw
from babynames_assets.quality.frames import check_frames
from babynames_assets.quality.verdict import Verdicts
from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.loading.desk import Desk


@pytest.fixture
def desk(sqlite_engine: Engine, tmp_path: Path) -> Desk:
    """An installation without a file."""
    return Desk(tmp_path / "state", sqlite_engine)


def lines(rows: dict[int, int]) -> str:
    """So many names of each year."""
    letters = "abcdefghij"
    return "".join(
        f"{year},Na{letters[n // 10]}{letters[n % 10]},F,100\n" for year, number in rows.items() for n in range(number)
    )


def said(desk: Desk, years: list[int] | None) -> Verdicts:
    """What the checks say."""
    raw = desk.raw_files.current()
    assert raw is not None
    scan = scan_raw(raw, desk.settings)
    return check_frames(desk.engine, desk.frames, raw, scan, years, desk.settings.quality)


def incomplete(desk: Desk, years: list[int] | None = None) -> set[int | None]:
    """The years that are not complete."""
    return {finding.year for finding in said(desk, years)["each_year_is_complete"].findings}


def test_a_year_that_is_awaited_is_not_incomplete(desk: Desk) -> None:
    """It has a partition before its data comes, and an empty frame when it is asked for."""
    desk.take(lines({2001: 40, 2002: 40}))
    desk.validate([2001, 2002, 2003])

    assert incomplete(desk) == set()


def test_a_gap_in_the_file_is_incomplete(desk: Desk) -> None:
    """The years around it are there."""
    desk.take(lines({2001: 40, 2003: 40}))
    desk.validate([2001, 2002, 2003])

    assert incomplete(desk) == {2002}


def test_a_handful_of_rows_is_no_verdict(desk: Desk) -> None:
    """Half of a small year is no more than happens."""
    desk.take(lines({2001: 30, 2002: 15}))
    desk.validate([2001, 2002])

    assert incomplete(desk) == set()


def test_a_year_that_loses_rows_beside_the_table_is_incomplete(desk: Desk) -> None:
    """The ledger says what the table holds; a load that has happened is compared with itself."""
    desk.take(lines({2001: 90, 2002: 90}))
    desk.validate([2001, 2002])
    desk.load([2001, 2002])
    assert incomplete(desk) == set()

    desk.take(lines({2001: 65, 2002: 65}))
    desk.validate([2001, 2002])

    assert incomplete(desk) == {2001, 2002}
    assert incomplete(desk, [2002]) == {2002}


def test_a_frame_that_is_not_there_is_a_finding(desk: Desk) -> None:
    """Of the one check whose business it is."""
    desk.take(lines({2001: 40, 2002: 40}))
    desk.validate([2001])

    verdicts = said(desk, [2001, 2002])

    assert {name for name, verdict in verdicts.items() if not verdict.passed} == {"columns_and_types_are_as_declared"}
    assert "There is no validated frame of 2002" in verdicts["columns_and_types_are_as_declared"].findings[0].message


def test_a_frame_of_an_older_file_is_left_to_its_own_word(desk: Desk) -> None:
    """A file that is taken and not validated yet makes no frame wrong."""
    desk.take(lines({2001: 40}))
    desk.validate([2001])
    desk.take(lines({2001: 41}))

    verdict = said(desk, None)["the_frames_equal_the_file"]

    assert verdict.passed
    assert verdict.numbers["years_of_another_file"] == 1
