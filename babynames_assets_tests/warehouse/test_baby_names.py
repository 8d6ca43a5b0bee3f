"""Tests of bringing a year of the table to a frame."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets.errors import FatalError
from babynames_assets.warehouse.baby_names import LoadCounts, count_rows, load_year, read_year
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets_tests.warehouse.frames import Row, frame, load, stored

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=8)
YEARS = st.dictionaries(st.tuples(st.sampled_from("FM"), NAMES), st.integers(1, 2**31 - 1), max_size=12)


def test_a_first_load_inserts_every_row(engine: Engine) -> None:
    """An empty year takes the frame as it is."""
    counts = load(engine, 2001, ("F", "Mary", 7), ("M", "John", 5))

    assert counts == LoadCounts(inserted=2, updated=0, deleted=0, unchanged=0)
    assert stored(engine, 2001) == [("F", "Mary", 7), ("M", "John", 5)]


def test_a_repeated_load_writes_nothing(engine: Engine) -> None:
    """Rows that are right already stay untouched."""
    load(engine, 2001, ("F", "Mary", 7), ("M", "John", 5))

    counts = load(engine, 2001, ("F", "Mary", 7), ("M", "John", 5))

    assert counts == LoadCounts(inserted=0, updated=0, deleted=0, unchanged=2)


def test_only_the_difference_is_written(engine: Engine) -> None:
    """A row that is new is inserted, one that differs updated, one that has gone deleted."""
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7), ("M", "John", 5))

    counts = load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 8), ("M", "Karl", 5))

    assert counts == LoadCounts(inserted=1, updated=1, deleted=1, unchanged=1)
    assert stored(engine, 2001) == [("F", "Anna", 9), ("F", "Mary", 8), ("M", "Karl", 5)]


def test_other_years_stay_as_they_are(engine: Engine) -> None:
    """A load touches its own year only."""
    load(engine, 2000, ("F", "Mary", 1))
    load(engine, 2002, ("F", "Mary", 3))

    load(engine, 2001, ("M", "John", 2))

    assert stored(engine, 2000) == [("F", "Mary", 1)]
    assert stored(engine, 2002) == [("F", "Mary", 3)]


def test_names_that_differ_by_case_or_accent_are_different_rows(engine: Engine) -> None:
    """Zoe, Zoë, ZOE and the same letters in decomposed form are four people's names, not one."""
    names = ("Zoe", "Zoë", "ZOE", "Zoe\N{COMBINING DIAERESIS}", "Ångström", "Ángstrom", "名前", "👶")
    rows = tuple(("F", name, number) for number, name in enumerate(names, start=1))

    counts = load(engine, 2001, *rows)

    assert counts.inserted == len(names)
    assert sorted(stored(engine, 2001)) == sorted(rows)


def test_a_name_of_a_hundred_letters_fits(engine: Engine) -> None:
    """The column counts letters, not bytes."""
    load(engine, 2001, ("F", "Ö" * 100, 1))

    assert stored(engine, 2001) == [("F", "Ö" * 100, 1)]


def test_text_that_looks_like_sql_is_only_text(engine: Engine) -> None:
    """No value of a file ever becomes part of a statement."""
    rows: tuple[Row, ...] = (
        ("F", "%s", 1),
        ("F", "%(name)s", 2),
        ("F", ":name", 3),
        ("F", "\\", 4),
        ("F", "' OR 1=1 -- ", 5),
        ("F", "'; DROP TABLE baby_names; #", 6),
        ("F", '"', 7),
    )

    load(engine, 2001, *rows)
    load(engine, 2001, *((sex, name, births + 1) for sex, name, births in rows))

    assert sorted(stored(engine, 2001)) == sorted((sex, name, births + 1) for sex, name, births in rows)


def test_thousands_of_rows_are_inserted_updated_and_deleted(engine: Engine) -> None:
    """A year is larger than one statement."""
    first = [("F", f"Name{number:05}", number + 1) for number in range(2500)]
    second = [("F", f"Name{number:05}", number + 2) for number in range(1200, 3700)]
    load(engine, 2001, *first)

    counts = load(engine, 2001, *second)

    assert counts == LoadCounts(inserted=1200, updated=1300, deleted=1200, unchanged=0)
    assert stored(engine, 2001) == second


def test_a_frame_that_would_delete_too_much_is_refused(engine: Engine) -> None:
    """A source that shrank is more likely broken than right; the message names the setting that lets it pass."""
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7), ("M", "John", 5))

    with pytest.raises(FatalError, match=r"delete 2 of its 3 rows.*50%.*BABYNAMES_WAREHOUSE__MAX_DELETE_SHARE"):
        load(engine, 2001, ("F", "Anna", 1), ("F", "New", 1), max_delete_share=0.5)

    assert stored(engine, 2001) == [("F", "Anna", 9), ("F", "Mary", 7), ("M", "John", 5)]


def test_a_frame_that_deletes_just_the_share_is_taken(engine: Engine) -> None:
    """The limit itself is allowed."""
    load(engine, 2001, ("F", "Anna", 9), ("F", "Mary", 7))

    counts = load(engine, 2001, ("F", "Anna", 9), max_delete_share=0.5)

    assert counts.deleted == 1


def test_an_empty_frame_never_empties_a_year(engine: Engine) -> None:
    """A failed read is not an empty sheet, whatever the limit says."""
    load(engine, 2001, ("F", "Anna", 9))

    with pytest.raises(FatalError, match="never emptied"):
        load(engine, 2001, max_delete_share=1.0)

    assert stored(engine, 2001) == [("F", "Anna", 9)]


def test_an_empty_frame_into_an_empty_year_does_nothing(engine: Engine) -> None:
    """A year whose lines were all rejected has nothing to load."""
    assert load(engine, 2001) == LoadCounts(0, 0, 0, 0)


def test_a_frame_with_another_year_is_a_bug(sqlite_engine: Engine) -> None:
    """Rows of another year would be inserted again by each load."""
    with pytest.raises(ValueError, match="holds other years"), sqlite_engine.begin() as connection:
        load_year(connection, 2001, frame(2002, ("F", "Mary", 1)), max_delete_share=1.0)


def test_a_failure_after_the_load_undoes_it(engine: Engine) -> None:
    """The table and its books change together or not at all."""

    def work(connection: Connection) -> None:
        load_year(connection, 2001, frame(2001, ("F", "Mary", 1)), max_delete_share=1.0)
        raise RuntimeError("the ledger failed")

    with pytest.raises(RuntimeError, match="ledger"):
        run_in_transaction(engine, work)

    assert stored(engine, 2001) == []


def test_two_loads_of_one_year_at_once_leave_one_of_them(engine: Engine) -> None:
    """Whatever the order, the table equals one frame, never a mixture, and both loads succeed."""
    load(engine, 2001, *(("F", f"Old{number}", 1) for number in range(50)))
    frames: list[list[Row]] = [[(sex, f"Name{number}", number + 1) for number in range(50)] for sex in "FM"]
    start = threading.Barrier(2)

    def run(rows: list[Row]) -> LoadCounts:
        start.wait(timeout=30)
        return load(engine, 2001, *rows)

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(run, frames))

    assert sorted(stored(engine, 2001)) in [sorted(rows) for rows in frames]
    assert [(count.inserted, count.deleted) for count in counts] == [(50, 50), (50, 50)]


def test_two_first_loads_of_one_year_at_once_succeed(engine: Engine) -> None:
    """Where there is no row to lock yet, the one that loses is repeated."""
    start = threading.Barrier(2)

    def run(births: int) -> LoadCounts:
        start.wait(timeout=30)
        return load(engine, 2001, *(("F", f"Name{number}", births) for number in range(50)))

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(run, [1, 2])

    assert sorted([first.inserted, second.inserted]) == [0, 50]
    assert sorted([first.updated, second.updated]) == [0, 50]
    assert {births for _, _, births in stored(engine, 2001)} in ({1}, {2})


def test_rows_are_counted_in_all_or_some_years(engine: Engine) -> None:
    """The whole table, some years, or none."""
    load(engine, 2001, ("F", "Mary", 1), ("M", "John", 1))
    load(engine, 2002, ("F", "Mary", 1))

    with connect(engine) as connection:
        assert count_rows(connection) == 3
        assert count_rows(connection, [2001]) == 2
        assert count_rows(connection, range(2001, 2003)) == 3
        assert count_rows(connection, []) == 0


def test_a_year_is_read_with_the_types_of_the_frame(engine: Engine) -> None:
    """What is read compares equal to what was loaded, types too, also when nothing is there."""
    load(engine, 2001, ("F", "Mary", 1), ("M", "John", 2**31 - 1))

    with connect(engine) as connection:
        read, empty = read_year(connection, 2001), read_year(connection, 1999)

    assert read.equals(frame(2001, ("F", "Mary", 1), ("M", "John", 2**31 - 1)))
    assert (empty.height, empty.schema) == (0, read.schema)


@settings(
    max_examples=15,
    deadline=dt.timedelta(seconds=10),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(before=YEARS, after=YEARS.filter(bool))
def test_any_table_becomes_any_frame(
    engine: Engine, before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]
) -> None:
    """After a load the table equals the frame, and the counts are those of a plain comparison."""
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM baby_names")
    load(engine, 2001, *((*key, births) for key, births in before.items()))

    counts = load(engine, 2001, *((*key, births) for key, births in after.items()))

    assert {(sex, name): births for sex, name, births in stored(engine, 2001)} == after
    both = before.keys() & after.keys()
    assert counts == LoadCounts(
        inserted=len(after.keys() - before.keys()),
        updated=sum(before[key] != after[key] for key in both),
        deleted=len(before.keys() - after.keys()),
        unchanged=sum(before[key] == after[key] for key in both),
    )
