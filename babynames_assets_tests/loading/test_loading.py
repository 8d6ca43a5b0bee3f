"""Tests of the loading engine: a scanned file into the books, a frame into the table, without Dagster."""

from dataclasses import replace
from pathlib import Path

import pytest

from babynames_assets.errors import FatalError
from babynames_assets.loading.books import record_file
from babynames_assets.loading.sources import require_current, scan_raw
from babynames_assets.loading.years import LoadOptions, load_frame
from babynames_assets.warehouse import baby_names, ledger, letter_queries
from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.letter_queries import LetterFilter
from babynames_assets.warehouse.letter_status import UNSETTLED
from babynames_assets_tests.loading.desk import Desk


def load(desk: Desk, year: int) -> LoadCounts:
    """Enter the newest file and bring a year to it."""
    desk.validate([year])
    [counts] = desk.load([year])
    return counts


def rows(desk: Desk, year: int) -> list[tuple[object, ...]]:
    """The year of the table."""
    with connect(desk.engine) as connection:
        return baby_names.read_year(connection, year).rows()


@pytest.fixture
def desk(sqlite_engine: Engine, tmp_path: Path) -> Desk:
    """A desk with an empty warehouse."""
    return Desk(tmp_path, sqlite_engine)


def test_without_a_file_the_message_names_the_asset(desk: Desk) -> None:
    """Whoever begins at the wrong end learns where to begin."""
    with pytest.raises(FatalError, match="materialize raw/baby_names_csv first"):
        require_current(desk.raw_files)


def test_a_file_is_entered_once(desk: Desk) -> None:
    """A second entry changes nothing: a dead letter still has one attempt."""
    raw = desk.take("2001,Mary,F,7\n2001,Anna,X,1\n")
    scan = scan_raw(raw, desk.settings)

    record_file(desk.engine, raw, scan)
    record_file(desk.engine, raw, scan)

    with connect(desk.engine) as connection:
        totals = ledger.totals(connection, raw.sha256)
        [letter] = letter_queries.page(connection, LetterFilter(service="import", statuses=UNSETTLED), limit=10)
    assert (totals.lines, totals.header_lines, totals.valid, totals.rejected) == (3, 1, 1, 1)
    assert (letter.attempts, letter.payload["line"]) == (1, 3)


def test_two_lines_of_the_same_bad_text_are_two_letters(desk: Desk) -> None:
    """Each line is accounted for, also when another says the same."""
    raw = desk.take("2001,Mary,F,7\n2001,Anna,X,1\n2001,Anna,X,1\n")

    record_file(desk.engine, raw, scan_raw(raw, desk.settings))

    with connect(desk.engine) as connection:
        assert letter_queries.counts(connection) == {"import": 2}


def test_a_year_is_loaded_and_then_left_alone(desk: Desk) -> None:
    """The second load reads no frame: it is gone, and nobody misses it."""
    desk.take("2001,Mary,F,7\n2001,Anna,F,1\n")
    first = load(desk, 2001)
    gone = replace(desk.frames.get(2001), path=Path("nowhere.parquet"))

    second = load_frame(desk.engine, gone, run_id="again", options=LoadOptions(0.5))

    assert first == LoadCounts(inserted=2, updated=0, deleted=0, unchanged=0)
    assert second == LoadCounts(inserted=0, updated=0, deleted=0, unchanged=2)
    assert rows(desk, 2001) == [(2001, "F", "Anna", 1), (2001, "F", "Mary", 7)]


def test_a_year_that_the_new_file_lacks_is_not_emptied(desk: Desk) -> None:
    """Its frame is empty on purpose, and the load of an empty frame is refused."""
    desk.take("2001,Mary,F,7\n2002,Mary,F,8\n")
    load(desk, 2001)
    desk.take("2002,Mary,F,8\n")

    with pytest.raises(FatalError, match="never emptied"):
        load(desk, 2001)

    assert rows(desk, 2001) == [(2001, "F", "Mary", 7)]
    assert desk.frames.get(2001).read().is_empty()


def test_a_file_is_read_once_and_says_how_far_it_is(desk: Desk) -> None:
    """The line for a person names bytes and lines; a second look at the same file reads and says nothing."""
    raw = desk.take("2001,Mary,F,7\n2001,Anna,F,1\n")
    said: list[str] = []

    first = scan_raw(raw, desk.settings, say=said.append)
    second = scan_raw(raw, desk.settings, say=said.append)

    assert first == second
    assert len(said) == 1
    assert said[0].startswith(f"{raw.bytes:,} of {raw.bytes:,} bytes read, ")
