"""Tests of the recount: each damage is found and named, its remedy works, and a sound installation has none."""

from pathlib import Path

import polars as pl
import pytest

from babynames_assets.errors import ConfigurationError, FatalError
from babynames_assets.ingest.content import digest
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.loading.findings import Finding
from babynames_assets.loading.row_differences import EXAMPLES, RowExample, compare_rows
from babynames_assets.loading.verification import Verification, verify
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.ledger_report import YearRange
from babynames_assets_tests.loading.desk import Desk
from babynames_assets_tests.warehouse.frames import frame

LINES = (
    "2001,Mary,F,7\n"
    "2001,Anna,F,5\n"
    "2001,Zoë,F,6\n"
    "2001,Zoe,F,6\n"
    "2001,Mary,F,7\n"
    "2001,Bad,X,1\n"
    "2002,Mary,F,8\n"
    "2002,John,M,9\n"
    "2003,Mary,F,9\n"
    "soon,Mary,F,1\n"
)
YEARS = (2001, 2002, 2003)


def recount(desk: Desk, years: YearRange | None = None) -> Verification:
    """Verify what is on the desk."""
    return verify(desk.engine, desk.raw_files, desk.frames, desk.settings, years=years)


def places(found: Verification) -> list[tuple[str, str, int | None]]:
    """Where something was found, of which kind and year."""
    return [(finding.place, finding.kind, finding.year) for finding in found.findings]


def only(found: Verification) -> Finding:
    """The one finding there is."""
    [finding] = found.findings
    return finding


@pytest.fixture
def empty_desk(engine: Engine, tmp_path: Path) -> Desk:
    """A desk without any file, on each database."""
    return Desk(tmp_path, engine)


@pytest.fixture
def desk(empty_desk: Desk) -> Desk:
    """A desk with a file of three years, loaded."""
    empty_desk.take(LINES)
    empty_desk.validate(YEARS)
    empty_desk.load(YEARS)
    return empty_desk


@pytest.fixture
def sqlite_desk(sqlite_engine: Engine, tmp_path: Path) -> Desk:
    """The same on SQLite alone, for damage that is not in the database."""
    desk = Desk(tmp_path, sqlite_engine)
    desk.take(LINES)
    desk.validate(YEARS)
    desk.load(YEARS)
    return desk


def test_nothing_is_found_where_all_is_well(desk: Desk) -> None:
    """Every line is counted, and file, ledger, Parquet, table and dead letters agree."""
    found = recount(desk)

    assert found.findings == ()
    assert found.is_equal
    file = found.file
    assert file is not None
    assert (file.lines, file.header_lines, file.valid, file.merged) == (11, 1, 7, 0)
    assert (file.duplicates, file.rejected, file.unplaced, file.years) == (1, 2, 1, 3)
    assert [(year.year, year.lines, year.valid) for year in found.years] == [(2001, 6, 4), (2002, 2, 2), (2003, 1, 1)]
    assert found.table_rows == 7


def test_the_recount_leaves_nothing_behind(sqlite_desk: Desk) -> None:
    """Neither the temporary scan nor any other file or change remains."""
    folder = sqlite_desk.settings.state_folder
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and "scans" in path.parts}
    names = sorted(path.name for path in folder.iterdir())

    recount(sqlite_desk)

    assert sorted(path.name for path in folder.iterdir()) == names
    assert before == {
        path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and "scans" in path.parts
    }


def test_a_row_deleted_from_the_table_is_missing(desk: Desk) -> None:
    """The row is named, and the remedy, which passes by the ledger, brings it back."""
    assert desk.damage("DELETE FROM baby_names WHERE year = 2001 AND name = 'Zoë'") == 1

    found = only(recount(desk))

    assert (found.place, found.kind, found.year) == ("table", "differs", 2001)
    assert found.rows is not None
    assert (found.rows.missing, found.rows.unexpected, found.rows.changed) == (1, 0, 0)
    assert found.rows.examples == (RowExample(2001, "F", "Zoë", 6, None),)
    assert "rows missing: 1, unexpected: 0" in found.message
    assert "BABYNAMES_WAREHOUSE__COMPARE=always" in found.remedy

    desk.load([2001])
    assert not recount(desk).is_equal
    desk.load([2001], compare_always=True)
    assert recount(desk).is_equal


def test_a_row_changed_in_the_table_has_other_births(desk: Desk) -> None:
    """What the file says stands beside what the table says."""
    desk.damage("UPDATE baby_names SET births = 70 WHERE year = 2002 AND name = 'Mary'")

    found = only(recount(desk))

    assert found.rows is not None
    assert (found.year, found.rows.missing, found.rows.unexpected, found.rows.changed) == (2002, 0, 0, 1)
    assert found.rows.examples == (RowExample(2002, "F", "Mary", 8, 70),)


def test_a_row_added_to_the_table_is_unexpected(desk: Desk) -> None:
    """Also when another row is missing, so that the number of rows is right."""
    desk.damage("DELETE FROM baby_names WHERE year = 2003")
    desk.damage("INSERT INTO baby_names (year, sex, name, births) VALUES (2003, 'F', 'MARY', 9)")

    found = only(recount(desk))

    assert found.rows is not None
    assert (found.rows.missing, found.rows.unexpected) == (1, 1)
    assert found.rows.examples == (RowExample(2003, "F", "Mary", 9, None), RowExample(2003, "F", "MARY", None, 9))
    desk.load([2003], compare_always=True)
    assert recount(desk).is_equal


def test_a_year_that_only_the_table_has_is_unexpected(desk: Desk) -> None:
    """The remedy says what a load would refuse to do."""
    desk.damage("INSERT INTO baby_names (year, sex, name, births) VALUES (1999, 'F', 'Mary', 9)")

    found = only(recount(desk))

    assert (found.place, found.kind, found.year) == ("table", "differs", 1999)
    assert found.rows is not None
    assert (found.rows.missing, found.rows.unexpected, found.rows.changed) == (0, 1, 0)
    assert "never empties a year" in found.remedy


def test_a_year_emptied_behind_the_loaders_back_is_a_loss(desk: Desk) -> None:
    """It is not mistaken for one that was never loaded: the ledger knows better."""
    desk.damage("DELETE FROM baby_names WHERE year = 2001")

    found = only(recount(desk))

    assert (found.kind, found.year) == ("differs", 2001)
    assert found.rows is not None
    assert found.rows.missing == 4


def test_years_that_were_not_loaded_are_no_loss(empty_desk: Desk) -> None:
    """Each step that is missing is named with the years it is missing for."""
    empty_desk.take(LINES)
    unread = recount(empty_desk)
    empty_desk.validate([2001, 2002])
    empty_desk.load([2001])

    found = recount(empty_desk)

    assert {finding.kind for finding in unread.findings} == {"pending"}
    assert [finding.place for finding in unread.findings].count("ledger") == 1
    assert "not entered yet" in unread.findings[0].message
    assert places(found) == [("table", "pending", 2002), ("Parquet", "pending", 2003), ("table", "pending", 2003)]
    assert found.findings[0].message == "not loaded yet"
    assert not found.is_equal


def test_an_older_version_in_the_table_is_no_loss(desk: Desk) -> None:
    """Only years whose content differs wait for the new version; damage to the old one is damage all the same."""
    desk.take(LINES.replace("2001,Anna,F,5", "2001,Anna,F,6").replace("2003,Mary,F,9", "2003,Mary,F,10"))
    desk.validate([2003])
    desk.damage("DELETE FROM baby_names WHERE year = 2001 AND name = 'Mary'")

    found = recount(desk)

    assert places(found) == [
        ("Parquet", "pending", 2001),
        ("table", "differs", 2001),
        ("table", "pending", 2003),
    ]
    assert "this version is not loaded yet: the table holds names.csv version landed-" in found.findings[2].message


def test_a_year_that_the_newest_file_lacks_stays_in_the_table_and_is_said(desk: Desk) -> None:
    """A load never empties a year, so a person has to decide."""
    desk.take("".join(line for line in LINES.splitlines(keepends=True) if not line.startswith("2003")))
    desk.validate(YEARS)
    desk.load([2001, 2002])

    found = recount(desk)

    assert places(found) == [("table", "differs", 2003)]
    assert "never empties a year" in found.findings[0].remedy


@pytest.mark.parametrize("column", ["lines", "valid", "merged", "duplicates", "rejected"])
def test_a_count_changed_in_the_ledger_is_named(desk: Desk, column: str) -> None:
    """What it says and what was counted; entering the file again mends it."""
    desk.damage(f"UPDATE ledger SET `{column}` = `{column}` + 1 WHERE year = 2001")

    found = only(recount(desk))

    assert (found.place, found.kind, found.year) == ("ledger", "differs", 2001)
    assert f"{column} " in found.message
    desk.damage("DELETE FROM sources")
    desk.validate([2001])
    assert recount(desk).is_equal


def test_a_digest_changed_in_the_ledger_is_named(desk: Desk) -> None:
    """The table is right, and is not accused."""
    desk.damage("UPDATE ledger SET digest = :digest WHERE year = 2002", digest="0" * 64)

    assert places(recount(desk)) == [("ledger", "differs", 2002)]


def test_an_entry_deleted_from_the_ledger_is_named(desk: Desk) -> None:
    """Both that the counts are gone, and that no load accounts for the table's year."""
    desk.damage("DELETE FROM ledger WHERE year = 2002")

    found = recount(desk)

    assert places(found) == [("ledger", "differs", 2002), ("ledger", "differs", 2002)]
    desk.damage("DELETE FROM sources")
    desk.validate([2002])
    desk.load([2002])
    assert recount(desk).is_equal


def test_a_ledger_that_names_another_file_as_loaded_is_named(desk: Desk) -> None:
    """Content that the table does not hold, or two files at once."""
    raw = desk.raw_files.current()
    assert raw is not None
    desk.take(LINES + "2003,Anna,F,5\n")
    desk.validate([2003])
    desk.take(LINES)
    desk.validate(YEARS)
    desk.damage("UPDATE ledger SET is_current = TRUE WHERE source_sha256 <> :sha256 AND year = 2003", sha256=raw.sha256)
    two = only(recount(desk))
    desk.damage("UPDATE ledger SET is_current = FALSE WHERE source_sha256 = :sha256 AND year = 2003", sha256=raw.sha256)

    other = only(recount(desk))

    assert "2 files" in two.message
    assert (other.place, other.year) == ("ledger", 2003)
    assert "the ledger says that the table holds" in other.message
    desk.load([2003], compare_always=True)
    assert recount(desk).is_equal


@pytest.mark.parametrize("column", ["bytes", "lines", "header_lines", "unplaced"])
def test_a_files_entry_that_was_changed_is_named(desk: Desk, column: str) -> None:
    """The file as a whole is on the books too."""
    desk.damage(f"UPDATE sources SET `{column}` = `{column}` + 1")

    found = only(recount(desk))

    assert (found.place, found.year) == ("ledger", None)
    assert f"{column} " in found.message


def test_a_dead_letter_that_is_gone_is_missed(desk: Desk) -> None:
    """Its line is named; entering the file again writes the letter again."""
    assert desk.damage("DELETE FROM dead_letters WHERE year = 2001") == 1

    found = only(recount(desk))

    assert (found.place, found.kind) == ("dead letters", "differs")
    assert "rejected lines without a dead letter: 1, for example line 7" in found.message
    desk.damage("DELETE FROM sources")
    desk.validate([2001])
    assert recount(desk).is_equal


def test_a_dead_letter_without_a_line_is_named(desk: Desk) -> None:
    """A letter that was written from outside cannot balance one that is gone."""
    desk.damage("UPDATE dead_letters SET letter_key = 'forged' WHERE year = 2001")

    missing, extra = recount(desk).findings

    assert "without a dead letter: 1" in missing.message
    assert "no such rejected line: 1" in extra.message


@pytest.mark.parametrize("status", ["resolved", "discarded", "retrying"])
def test_a_letter_that_somebody_dealt_with_counts(desk: Desk, status: str) -> None:
    """What became of a letter does not matter, only that it is there."""
    desk.damage(f"UPDATE dead_letters SET status = '{status}'")

    assert recount(desk).is_equal


def test_letters_that_files_share_count_for_each_of_them(desk: Desk) -> None:
    """A letter names the file that was entered last; back at the older file it still counts."""
    desk.take(LINES + "2003,Anna,F,5\n")
    desk.validate(YEARS)
    desk.load(YEARS)
    newer = recount(desk)
    desk.take(LINES)
    desk.validate(YEARS)
    desk.load(YEARS)

    older = recount(desk)

    assert newer.is_equal
    assert older.is_equal


def test_each_of_many_equal_rejected_lines_has_its_letter(sqlite_engine: Engine, tmp_path: Path) -> None:
    """Thousands of letters are looked up in parts, and the same text on two lines is two letters."""
    desk = Desk(tmp_path, sqlite_engine)
    desk.take(LINES + "2001,Same,X,1\n" * 1500 + "".join(f"2001,Other,X,{births}\n" for births in range(10_000)))
    desk.validate(YEARS)
    desk.load(YEARS)
    whole = recount(desk)
    desk.damage("DELETE FROM dead_letters WHERE id IN (SELECT id FROM dead_letters ORDER BY id LIMIT 7 OFFSET 5)")

    found = only(recount(desk))

    assert whole.is_equal
    assert "without a dead letter: 7" in found.message
    assert found.message.count(",") == 5


def test_a_damaged_parquet_file_is_named(sqlite_desk: Desk) -> None:
    """Its path and what to do stand in the finding; the table is still compared with the file."""
    path = sqlite_desk.frames.get(2002).path
    path.write_bytes(path.read_bytes()[:-20])

    found = only(recount(sqlite_desk))

    assert (found.place, found.kind, found.year) == ("Parquet", "differs", 2002)
    assert str(path) in found.message
    assert "materialize validated/baby_names" in found.remedy
    path.unlink()
    sqlite_desk.validate([2002])
    assert recount(sqlite_desk).is_equal


def test_a_parquet_file_with_another_row_is_named(sqlite_desk: Desk) -> None:
    """A file that Parquet can read is not believed for that."""
    stored = sqlite_desk.frames.get(2002)
    other = stored.read().with_columns(pl.col("births") + 1)
    other.write_parquet(stored.path, metadata=pl.read_parquet_metadata(stored.path))

    assert places(recount(sqlite_desk)) == [("Parquet", "differs", 2002)]


def test_a_parquet_file_that_vouches_for_other_rows_is_named(sqlite_desk: Desk) -> None:
    """Rows and digest were changed together: only the file itself gives it away."""
    stored = sqlite_desk.frames.get(2002)
    other = stored.read().with_columns(pl.col("births") + 1)
    metadata = {
        name: text.replace(stored.provenance.digest, digest(other))
        for name, text in pl.read_parquet_metadata(stored.path).items()
        if name == "babynames_provenance"
    }
    other.write_parquet(stored.path, metadata=metadata)

    found = only(recount(sqlite_desk))

    assert (found.place, found.year) == ("Parquet", 2002)
    assert "counted" in found.message


def test_a_stored_scan_with_other_rows_is_named(sqlite_desk: Desk) -> None:
    """Frames are published from it; without it nothing is missed, because it is made again."""
    [path] = (sqlite_desk.settings.state_folder / "scans").rglob("year=2003.parquet")
    pl.read_parquet(path).with_columns(pl.col("births") + 1).write_parquet(path)
    changed = recount(sqlite_desk)
    path.write_bytes(b"PAR1")
    unreadable = recount(sqlite_desk)
    (path.parent / "scan.json").unlink()

    unused = recount(sqlite_desk)

    assert places(changed) == places(unreadable) == [("stored scan", "differs", 2003)]
    assert str(path.parent) in only(changed).remedy
    assert unused.is_equal


def test_an_edited_raw_file_is_named_before_anything_else(sqlite_desk: Desk) -> None:
    """Same length, another byte: the file can no longer say what is right, so nothing is compared with it."""
    raw = sqlite_desk.raw_files.current()
    assert raw is not None
    raw.path.chmod(0o644)
    raw.path.write_bytes(raw.path.read_bytes().replace(b"Anna", b"Anne"))

    found = recount(sqlite_desk)

    assert (found.file, found.years) == (None, ())
    assert only(found).place == "raw file"
    assert raw.sha256 in only(found).message
    assert "materialize raw/baby_names_csv again" in only(found).remedy


def test_a_raw_file_that_was_cut_is_named_and_brought_back(sqlite_desk: Desk) -> None:
    """Materializing the raw file, as the remedy says, mends it."""
    raw = sqlite_desk.raw_files.current()
    assert raw is not None
    raw.path.chmod(0o644)
    raw.path.write_bytes(raw.path.read_bytes()[:-5])

    found = only(recount(sqlite_desk))

    assert (found.place, found.kind) == ("raw file", "differs")
    assert "longer or shorter" in found.message
    sqlite_desk.take(LINES)
    assert recount(sqlite_desk).is_equal


def test_without_any_file_the_message_names_the_asset(sqlite_engine: Engine, tmp_path: Path) -> None:
    """Nothing was ever acquired: that is no finding."""
    with pytest.raises(FatalError, match="materialize raw/baby_names_csv first"):
        recount(Desk(tmp_path, sqlite_engine))


def test_other_settings_than_those_of_the_entry_show(sqlite_desk: Desk) -> None:
    """The same file read otherwise makes other rows: entry and table are of the old settings, and that is said."""
    stricter = Settings(state_folder=sqlite_desk.settings.state_folder, ingest={"first_year": 2002}, _env_file=None)

    found = verify(sqlite_desk.engine, sqlite_desk.raw_files, sqlite_desk.frames, stricter)

    assert ("table", "differs", 2001) in places(found)
    assert ("dead letters", "differs", None) in places(found)
    assert not [place for place, _, _ in places(found) if place == "stored scan"]


def test_only_the_years_asked_for_are_compared(desk: Desk) -> None:
    """Damage elsewhere is not looked for, the file's own lines are."""
    desk.damage("DELETE FROM baby_names WHERE year = 2001")

    within = recount(desk, (2002, 2010))

    assert [year.year for year in within.years] == [2002, 2003]
    assert within.is_equal
    assert within.file is not None
    assert within.file.lines == 11
    with pytest.raises(ConfigurationError, match="2001 to 2003"):
        recount(desk, (1950, 1960))


def test_progress_is_told_for_each_year(sqlite_desk: Desk) -> None:
    """The last call says that all is done."""
    told: list[tuple[str, int, int]] = []

    verify(
        sqlite_desk.engine,
        sqlite_desk.raw_files,
        sqlite_desk.frames,
        sqlite_desk.settings,
        on_progress=lambda *call: told.append(call),
    )

    assert told[-4:] == [("years", 0, 3), ("years", 1, 3), ("years", 2, 3), ("years", 3, 3)]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"Year,Name,Sex,Count\r\n2001,Mary,F,7\r\n", 2),
        (b"Year,Name,Sex,Count\r2001,Mary,F,7\r2001,Anna,F,7", 3),
        (b"\xef\xbb\xbfYear,Name,Sex,Count\n2001,Mary,F,7\n\n", 3),
        (b'Year,Name,Sex,Count\n2001,"Mary,F,7\n2001,Anna,F,7', 3),
    ],
)
def test_lines_are_counted_whatever_their_ends(
    sqlite_engine: Engine, tmp_path: Path, content: bytes, lines: int
) -> None:
    """Line ends and scan agree: on CRLF, CR, a blank line, a quote that is never closed, a last line without end."""
    desk = Desk(tmp_path, sqlite_engine)
    desk.take_bytes(content)
    desk.validate([2001])
    desk.load([2001])

    found = recount(desk)

    assert found.findings == ()
    assert found.file is not None
    assert found.file.lines == lines


def test_examples_are_few_of_each_kind() -> None:
    """A year that is wrong throughout does not fill the screen."""
    names = [f"Name{chr(97 + number)}" for number in range(10)]
    expected = frame(2001, *(("F", name, 1) for name in names), *(("M", name, 1) for name in names))
    found = frame(2001, *(("M", name, 2) for name in names), *(("M", f"New{name}", 1) for name in names))

    differences = compare_rows(expected, found)

    assert (differences.missing, differences.unexpected, differences.changed) == (10, 10, 10)
    assert len(differences.examples) == 3 * EXAMPLES


def test_the_frames_of_another_folder_are_not_looked_at(sqlite_desk: Desk, tmp_path: Path) -> None:
    """Without its Parquet files a loaded table is still equal to the file, and the files are what is missing."""
    elsewhere = FrameStore(tmp_path / "elsewhere")

    found = verify(sqlite_desk.engine, sqlite_desk.raw_files, elsewhere, sqlite_desk.settings)

    assert places(found) == [("Parquet", "pending", year) for year in YEARS]
