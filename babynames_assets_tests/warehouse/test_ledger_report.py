"""Tests of reading the books."""

from dataclasses import replace

import sqlalchemy as sa

from babynames_assets.warehouse import dead_letters, ledger, ledger_report
from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.dead_letters import DeadLetter
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.ledger import SourceRecord, YearRecord
from babynames_assets.warehouse.ledger_report import LedgerEntry, current_entries
from babynames_assets_tests.warehouse.frames import load

OLD = SourceRecord("a" * 64, "owner/names", "3", "names.csv", bytes=4096, lines=26, header_lines=1, unplaced=2)
NEW = replace(OLD, source_sha256="b" * 64, version="4")
Y2001 = YearRecord(2001, lines=11, valid=8, merged=1, duplicates=1, rejected=1, digest="1" * 64)
Y2002 = YearRecord(2002, lines=12, valid=10, merged=0, duplicates=2, rejected=0, digest="2" * 64)


def enter(engine: Engine, source: SourceRecord, *years: YearRecord) -> None:
    """Enter a file in a transaction of its own."""
    run_in_transaction(engine, lambda connection: ledger.record_scan(connection, source, years))


def load_year(engine: Engine, source: SourceRecord, year: YearRecord) -> None:
    """Enter a load in a transaction of its own."""
    counts = LoadCounts(inserted=year.valid)
    run_in_transaction(
        engine, lambda connection: ledger.record_load(connection, source.source_sha256, year, counts, "run-1")
    )


def entries(engine: Engine, years: tuple[int, int] | None = None, version: str | None = None) -> list[LedgerEntry]:
    """The ledger's entries."""
    with connect(engine) as connection:
        return ledger_report.ledger_entries(connection, years=years, version=version)


def named(found: list[LedgerEntry]) -> list[tuple[int, str | None]]:
    """Year and version of entries."""
    return [(entry.year, entry.version) for entry in found]


def test_an_empty_ledger_has_no_entries(engine: Engine) -> None:
    """To ask is no mistake."""
    with connect(engine) as connection:
        assert ledger_report.source_entries(connection) == []
        assert ledger_report.ledger_entries(connection) == []
        assert ledger_report.source_entry(connection, OLD.source_sha256) is None
        assert ledger_report.table_years(connection) == []


def test_an_entry_holds_every_column_and_its_file(engine: Engine) -> None:
    """What a load has not filled in yet is None, and a truth value is one on every database."""
    enter(engine, OLD, Y2001)
    [scanned] = entries(engine)
    load_year(engine, OLD, Y2001)

    [loaded] = entries(engine)

    assert (scanned.inserted, scanned.run_id, scanned.loaded_at, scanned.is_current) == (None, None, None, False)
    assert loaded == replace(
        scanned,
        inserted=8,
        updated=0,
        deleted=0,
        unchanged=0,
        run_id="run-1",
        loaded_at=loaded.loaded_at,
        is_current=True,
    )
    assert (loaded.dataset, loaded.version, loaded.file_name, loaded.bytes) == ("owner/names", "3", "names.csv", 4096)
    assert (loaded.lines, loaded.valid, loaded.merged, loaded.duplicates, loaded.rejected) == (11, 8, 1, 1, 1)
    assert loaded.loaded_at is not None
    assert loaded.is_current is True


def test_files_come_newest_first(engine: Engine) -> None:
    """The first is what the table should become."""
    enter(engine, NEW)
    enter(engine, OLD)

    with connect(engine) as connection:
        found = ledger_report.source_entries(connection)
        one = ledger_report.source_entry(connection, NEW.source_sha256)

    assert [file.version for file in found] == ["3", "4"]
    assert one == found[1]
    assert (found[0].bytes, found[0].lines, found[0].header_lines, found[0].unplaced) == (4096, 26, 1, 2)


def test_entries_come_by_year_and_can_be_limited(engine: Engine) -> None:
    """To a range of years, to a version, to both."""
    enter(engine, OLD, Y2002, Y2001)
    enter(engine, NEW, Y2001, Y2002)

    assert named(entries(engine)) == [(2001, "3"), (2001, "4"), (2002, "3"), (2002, "4")]
    assert named(entries(engine, years=(2002, 2010))) == [(2002, "3"), (2002, "4")]
    assert named(entries(engine, version="4")) == [(2001, "4"), (2002, "4")]
    assert named(entries(engine, years=(2001, 2001), version="3")) == [(2001, "3")]
    assert entries(engine, years=(1990, 1999)) == []


def test_an_entry_without_its_file_is_shown_all_the_same(engine: Engine) -> None:
    """A damaged ledger has to be looked at, too."""
    enter(engine, OLD, Y2001)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM sources"))

    [entry] = entries(engine)

    assert (entry.year, entry.dataset, entry.version, entry.bytes) == (2001, None, None, None)


def test_current_is_what_was_loaded_else_what_the_newest_file_has(engine: Engine) -> None:
    """A year that was loaded from an older file is shown from that one."""
    enter(engine, OLD, Y2001, Y2002)
    enter(engine, NEW, Y2001, Y2002, replace(Y2002, year=2003))
    load_year(engine, OLD, Y2001)

    found = current_entries(entries(engine), NEW.source_sha256)

    assert named(found) == [(2001, "3"), (2002, "4"), (2003, "4")]


def test_the_years_of_the_table_are_those_with_rows(engine: Engine) -> None:
    """Ascending, each once."""
    load(engine, 2003, ("F", "Mary", 7))
    load(engine, 2001, ("F", "Mary", 7), ("M", "John", 7))

    with connect(engine) as connection:
        assert ledger_report.table_years(connection) == [2001, 2003]


def test_letters_are_known_by_their_key_whatever_their_status(engine: Engine) -> None:
    """Thousands of keys are looked up in parts; letters of the sync are no lines."""
    letters = [
        DeadLetter("import", f"line:{number}", 2001, {}, "bad", source_sha256="a" * 64 if number % 2 else "b" * 64)
        for number in range(2500)
    ]
    sync = DeadLetter("sync", "line:-1", 2001, {}, "bad", source_sha256="a" * 64)
    run_in_transaction(engine, lambda connection: dead_letters.record(connection, [*letters, sync]))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE dead_letters SET status = 'discarded' WHERE letter_key = 'line:7'"))

    with connect(engine) as connection:
        found = ledger_report.known_letters(connection, (f"line:{number}" for number in range(-5, 3000)))
        named_after_file = ledger_report.count_letters(connection, "a" * 64)

    assert len(found) == 2500
    assert (found["line:7"], found["line:8"]) == ("a" * 64, "b" * 64)
    assert "line:-1" not in found
    assert named_after_file == 1250
