"""Tests of the ledger."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from babynames_assets.warehouse import ledger
from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.ledger import LedgerTotals, SourceRecord, YearRecord

OLD = "a" * 64
NEW = "b" * 64
SOURCE = SourceRecord(OLD, "owner/names", "3", "names.csv", bytes=4096, lines=26, header_lines=1, unplaced=2)
Y2001 = YearRecord(2001, lines=11, valid=8, merged=1, duplicates=1, rejected=1, digest="1" * 64)
Y2002 = YearRecord(2002, lines=12, valid=10, merged=0, duplicates=2, rejected=0, digest="2" * 64)


def record_scan(engine: Engine, source: SourceRecord, *years: YearRecord) -> None:
    """Enter a scan in a transaction of its own."""
    run_in_transaction(engine, lambda connection: ledger.record_scan(connection, source, years))


def record_load(engine: Engine, sha256: str, year: YearRecord, counts: LoadCounts, run_id: str = "run-1") -> None:
    """Enter a load in a transaction of its own."""
    run_in_transaction(engine, lambda connection: ledger.record_load(connection, sha256, year, counts, run_id))


def rows(engine: Engine) -> list[dict[str, object]]:
    """The ledger as it lies in the table."""
    query = "SELECT * FROM ledger ORDER BY source_sha256, year"
    with connect(engine) as connection:
        return [dict(row) for row in connection.execute(sa.text(query)).mappings()]


def loaded_digest(engine: Engine, year: int) -> str | None:
    """Digest of the frame that the year was brought to."""
    with connect(engine) as connection:
        last = ledger.last_load(connection, year)
    return last.digest if last else None


def totals(engine: Engine, sha256: str = OLD) -> LedgerTotals:
    """The books of a file."""
    with connect(engine) as connection:
        return ledger.totals(connection, sha256)


def test_the_books_of_a_file_balance(engine: Engine) -> None:
    """Lines without a year count among the rejected; every line of the file is in exactly one column."""
    record_scan(engine, SOURCE, Y2001, Y2002)

    books = totals(engine)

    assert books == LedgerTotals(lines=26, header_lines=1, valid=18, merged=1, duplicates=3, rejected=3)
    assert books.lines == books.header_lines + books.valid + books.merged + books.duplicates + books.rejected


def test_a_file_without_any_year_has_books_too(engine: Engine) -> None:
    """A file of nothing but lines that cannot be placed is entered all the same."""
    record_scan(engine, replace(SOURCE, lines=3))

    assert totals(engine) == LedgerTotals(lines=3, header_lines=1, valid=0, merged=0, duplicates=0, rejected=2)


def test_a_file_is_known_once_it_is_entered(engine: Engine) -> None:
    """Its digest is its identity."""
    with connect(engine) as connection:
        assert not ledger.has_source(connection, OLD)

    record_scan(engine, SOURCE)

    with connect(engine) as connection:
        assert ledger.has_source(connection, OLD)
        assert not ledger.has_source(connection, NEW)


def test_a_file_that_is_not_entered_has_no_books(engine: Engine) -> None:
    """To ask for them is a mistake, not zero."""
    with pytest.raises(sa.exc.NoResultFound):
        totals(engine)


def test_entering_a_scan_again_replaces_the_counts(engine: Engine) -> None:
    """Better rules may read the same file otherwise; nothing is counted twice."""
    record_scan(engine, SOURCE, Y2001, Y2002)

    record_scan(engine, replace(SOURCE, unplaced=1), replace(Y2001, valid=9, rejected=0), Y2002)

    assert totals(engine) == LedgerTotals(lines=26, header_lines=1, valid=19, merged=1, duplicates=3, rejected=1)
    assert len(rows(engine)) == 2


def test_entering_a_scan_again_keeps_what_loads_entered(engine: Engine) -> None:
    """A second look at a file does not undo that it was loaded."""
    record_scan(engine, SOURCE, Y2001)
    record_load(engine, OLD, Y2001, LoadCounts(8, 0, 0, 0))

    record_scan(engine, SOURCE, Y2001)

    [row] = rows(engine)
    assert (row["inserted"], row["run_id"]) == (8, "run-1")
    assert loaded_digest(engine, 2001) == Y2001.digest


def test_a_year_is_not_loaded_because_it_was_scanned(engine: Engine) -> None:
    """What the table holds is said by loads only."""
    record_scan(engine, SOURCE, Y2001)

    [row] = rows(engine)

    assert loaded_digest(engine, 2001) is None
    assert {row[name] for name in ("inserted", "updated", "deleted", "unchanged", "run_id", "loaded_at")} == {None}


def test_a_load_enters_what_it_did(engine: Engine) -> None:
    """The counts, the run, and the digest of the frame."""
    record_scan(engine, SOURCE, Y2001)

    record_load(engine, OLD, Y2001, LoadCounts(inserted=5, updated=2, deleted=1, unchanged=1))

    [row] = rows(engine)
    assert [row[name] for name in ("inserted", "updated", "deleted", "unchanged", "run_id")] == [5, 2, 1, 1, "run-1"]
    assert row["loaded_at"] is not None
    assert loaded_digest(engine, 2001) == Y2001.digest


def test_a_repeated_load_does_not_wipe_out_what_the_first_did(engine: Engine) -> None:
    """Inserted, updated and deleted add up over the loads of a file; unchanged is of the last one."""
    record_scan(engine, SOURCE, Y2001)
    record_load(engine, OLD, Y2001, LoadCounts(inserted=5, updated=2, deleted=1, unchanged=1))

    record_load(engine, OLD, Y2001, LoadCounts(inserted=0, updated=1, deleted=0, unchanged=7), "run-2")

    [row] = rows(engine)
    assert [row[name] for name in ("inserted", "updated", "deleted", "unchanged", "run_id")] == [5, 3, 1, 7, "run-2"]


def test_the_newest_load_says_what_the_year_holds(engine: Engine) -> None:
    """Also when it goes back to an older file."""
    record_scan(engine, SOURCE, Y2001)
    record_scan(engine, replace(SOURCE, source_sha256=NEW), replace(Y2001, digest="3" * 64))
    record_load(engine, OLD, Y2001, LoadCounts(8, 0, 0, 0))

    record_load(engine, NEW, replace(Y2001, digest="3" * 64), LoadCounts(0, 1, 0, 7))
    assert loaded_digest(engine, 2001) == "3" * 64

    record_load(engine, OLD, Y2001, LoadCounts(0, 1, 0, 7))
    assert loaded_digest(engine, 2001) == Y2001.digest


def test_a_load_of_one_year_leaves_the_others_current(engine: Engine) -> None:
    """Years stand on their own."""
    record_scan(engine, SOURCE, Y2001, Y2002)
    record_load(engine, OLD, Y2001, LoadCounts(8, 0, 0, 0))

    record_load(engine, OLD, Y2002, LoadCounts(10, 0, 0, 0))

    assert (loaded_digest(engine, 2001), loaded_digest(engine, 2002)) == (Y2001.digest, Y2002.digest)


def test_a_year_that_the_file_does_not_have_is_entered_by_its_load(engine: Engine) -> None:
    """A release may lack a year; that the table was brought to nothing is recorded as well."""
    record_scan(engine, SOURCE, Y2001)

    record_load(engine, OLD, YearRecord(1999, 0, 0, 0, 0, 0, "0" * 64), LoadCounts(0, 0, 0, 0))

    assert loaded_digest(engine, 1999) == "0" * 64
    assert totals(engine).valid == Y2001.valid


def test_a_digest_that_changed_between_scan_and_load_is_the_loads(engine: Engine) -> None:
    """What was loaded counts, not what was announced."""
    record_scan(engine, SOURCE, Y2001)

    record_load(engine, OLD, replace(Y2001, digest="9" * 64), LoadCounts(8, 0, 0, 0))

    assert loaded_digest(engine, 2001) == "9" * 64


def test_a_hundred_and_fifty_years_are_entered_at_once(engine: Engine) -> None:
    """The whole history fits in one call, the first time and again."""
    years = [replace(Y2001, year=year) for year in range(1880, 2030)]
    record_scan(engine, SOURCE, *years)

    record_scan(engine, SOURCE, *years)

    assert totals(engine).valid == 150 * Y2001.valid
