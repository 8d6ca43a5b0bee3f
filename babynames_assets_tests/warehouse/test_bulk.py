"""Tests of loading and reading many rows: every way of it, with names that look like its syntax."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from babynames_assets.errors import FatalError
from babynames_assets.warehouse import bulk
from babynames_assets.warehouse.baby_names import LoadCounts, YearPart, load_parts, load_year, read_year
from babynames_assets.warehouse.compact_rows import KeyRange, read_rows
from babynames_assets.warehouse.engine import Connection, Engine, connect, open_engine, run_in_transaction
from babynames_assets_tests.warehouse.frames import Row, frame, load, stored

HOSTILE = (
    *("NULL", "null", "\\N", "N", '"', '""', '","', "'", "''", "\\", "\\\\", "\\'", "%", "%s", "%%", ":name", "{}"),
    *(
        "a,b",
        "a;b",
        "a\tb",
        "a\nb",
        "a\r\nb",
        "a\x00b",
        "\x1f",
        "#",
        "--",
        "/*",
        "👶",
        "e\N{COMBINING ACUTE ACCENT}",
        "é",
    ),
)
ROWS: list[Row] = sorted(
    (sex, f"{name}{number}", number + 1) for sex in "FM" for number in range(20) for name in HOSTILE
)


@pytest.fixture
def restricted_engine(server_engine: Engine) -> Iterator[Engine]:
    """A warehouse whose server takes no files."""
    with _without_local_infile(server_engine):
        restricted = open_engine(SecretStr(server_engine.url.render_as_string(hide_password=False)))
        yield restricted
        restricted.dispose()


@contextmanager
def _without_local_infile(engine: Engine) -> Iterator[None]:
    with engine.connect() as connection:
        connection.exec_driver_sql("SET GLOBAL local_infile = 0")
        try:
            yield
        finally:
            connection.exec_driver_sql("SET GLOBAL local_infile = 1")


def test_a_server_that_takes_files_gets_files(engine: Engine) -> None:
    """The way is known before the first row is sent."""
    with connect(engine) as connection:
        assert bulk.way(connection) == ("sqlite" if engine.dialect.name == "sqlite" else "local_infile")


def test_a_server_that_takes_no_files_gets_statements(restricted_engine: Engine) -> None:
    """It says so itself, when a connection is made."""
    with connect(restricted_engine) as connection:
        assert bulk.way(connection) == "statements"


def test_names_that_look_like_syntax_arrive_as_they_are(engine: Engine) -> None:
    """More rows than a statement takes: they travel as a file, and back as one text."""
    counts = load(engine, 2001, *ROWS)

    assert counts == LoadCounts(inserted=len(ROWS))
    assert sorted(stored(engine, 2001)) == ROWS


def test_names_that_look_like_syntax_arrive_in_statements_too(restricted_engine: Engine) -> None:
    """The other way loads the same."""
    counts = load(restricted_engine, 2001, *ROWS)

    assert counts == LoadCounts(inserted=len(ROWS))
    assert sorted(stored(restricted_engine, 2001)) == ROWS


def test_names_that_look_like_the_lines_of_a_year_are_read_as_they_are(engine: Engine) -> None:
    """Each in a year of its own, so that a text that can be read hides none that cannot."""
    forged = ("Ann,5\nF,Bea", "Ann,5\n\nF,Bea", "\n", ",", ",5\n", "Ann,", "\r", "Ann\r", "\nF,Ann,5")
    years = dict(enumerate([*HOSTILE, *forged], start=1900))
    for year, name in years.items():
        load(engine, year, ("F", name, 7), ("M", "Zed", 8))

    for year, name in years.items():
        assert stored(engine, year) == [("F", name, 7), ("M", "Zed", 8)]


def test_lines_are_loaded_as_they_are(engine: Engine) -> None:
    """Nothing in a valid name means anything to the server, not even NULL."""
    rows: list[Row] = sorted(
        (sex, f"{name}{'' if number == 0 else ' ' + 'x' * number}", number + 1)
        for sex in "FM"
        for number in range(60)
        for name in ("NULL", "Null", "N", "O'Neil", "O\u2019Neil", "Zo\u00eb", "J.-P. de")
    )
    part = frame(2001, *rows)
    text = "".join(f"2001,{sex},{name},{births}\n" for sex, name, births in rows)
    parts = [YearPart(part, memoryview(text.encode()))]

    counts = run_in_transaction(engine, lambda connection: load_parts(connection, 2001, parts, max_delete_share=0))

    assert counts == LoadCounts(inserted=len(rows))
    assert stored(engine, 2001) == rows


def test_a_file_replaces_rows_whose_births_differ(engine: Engine) -> None:
    """New and changed rows travel together; each is counted as what it is."""
    kept, changed = ROWS[:300], ROWS[300:700]
    load(engine, 2001, *kept, *changed)
    wanted = [*kept, *((sex, name, births + 1) for sex, name, births in changed), *ROWS[700:]]

    counts = load(engine, 2001, *wanted)

    assert counts == LoadCounts(inserted=len(ROWS) - 700, updated=400, unchanged=300)
    assert sorted(stored(engine, 2001)) == sorted(wanted)


def test_a_server_that_refuses_files_later_gets_statements(server_engine: Engine) -> None:
    """What was allowed when the connection was made may be forbidden when it is used."""
    load(server_engine, 2000, ("F", "Mary", 1))

    with _without_local_infile(server_engine):
        counts = load(server_engine, 2001, *ROWS)

    assert counts.inserted == len(ROWS)
    assert sorted(stored(server_engine, 2001)) == ROWS


def test_a_value_that_does_not_fit_is_an_error(server_engine: Engine) -> None:
    """Nothing of the file is loaded, and the message has the server's reason."""
    with pytest.raises(FatalError, match="too long for column 'name'"):
        load(server_engine, 2001, *sorted([*ROWS, ("F", "x" * 101, 1)]))

    assert stored(server_engine, 2001) == []


def test_a_value_that_the_server_cuts_with_a_warning_is_an_error_too(server_engine: Engine) -> None:
    """Something between client and server may have switched the strict mode off."""
    wanted = frame(2001, *sorted([*ROWS, ("F", "x" * 101, 1)]))

    def work(connection: Connection) -> None:
        connection.exec_driver_sql("SET SESSION sql_mode = ''")
        load_year(connection, 2001, wanted, max_delete_share=1.0)

    with pytest.raises(FatalError, match=r"2001 as they were sent.*truncated for column 'name'"):
        run_in_transaction(server_engine, work)

    assert stored(server_engine, 2001) == []


def test_a_year_that_is_longer_than_the_longest_text_is_fetched_by_rows(engine: Engine) -> None:
    """A server cuts the text without an error; the number of rows tells."""
    load(engine, 2001, *ROWS)

    with connect(engine) as connection:
        if engine.dialect.name != "sqlite":
            connection.exec_driver_sql("SET SESSION group_concat_max_len = 1024")
        read = read_rows(connection, 2001)
        connection.invalidate()

    assert sorted(read.rows()) == ROWS


def test_a_text_that_is_cut_inside_its_last_number_is_not_believed(server_engine: Engine) -> None:
    """It has as many lines as there are rows, and a number that nobody wrote; what it lacks is its end."""
    load(server_engine, 2001, ("M", "Zz", 12345))

    with connect(server_engine) as connection:
        connection.exec_driver_sql("SET SESSION group_concat_max_len = 12")
        read = read_rows(connection, 2001)
        connection.invalidate()

    assert read.rows() == [("M", "Zz", 12345)]


def test_a_few_rows_that_the_server_cuts_are_an_error_too(server_engine: Engine) -> None:
    """They travel in a statement: the server would make one row of two names, and warn."""
    wanted = frame(2001, ("F", "x" * 100, 1), ("F", "x" * 101, 7))

    def work(connection: Connection) -> None:
        connection.exec_driver_sql("SET SESSION sql_mode = ''")
        load_year(connection, 2001, wanted, max_delete_share=1.0)

    with pytest.raises(FatalError, match="2001 as they were sent"):
        run_in_transaction(server_engine, work)

    assert stored(server_engine, 2001) == []


def test_statements_stay_below_what_a_server_takes(restricted_engine: Engine) -> None:
    """5,000 long names of four bytes a letter are more than a server with small packets reads in one statement."""
    rows: list[Row] = [("F", f"{number:04}" + "👶" * 90, number + 1) for number in range(5000)]
    with restricted_engine.connect() as connection:
        before = connection.exec_driver_sql("SELECT @@global.max_allowed_packet").scalar_one()
        connection.exec_driver_sql("SET GLOBAL max_allowed_packet = 1048576")
    restricted_engine.dispose()  # the next connection has the new limit
    try:
        counts = load(restricted_engine, 2001, *rows)
    finally:
        with restricted_engine.connect() as connection:
            connection.exec_driver_sql(f"SET GLOBAL max_allowed_packet = {before}")

    assert counts == LoadCounts(inserted=5000)
    assert stored(restricted_engine, 2001) == rows


def test_an_error_of_the_server_does_not_repeat_the_rows(server_engine: Engine) -> None:
    """A statement of thousands of rows would fill the log."""
    with pytest.raises(FatalError) as caught:
        load(server_engine, 2001, *sorted([*ROWS, ("F", "x" * 101, 1)]), max_delete_share=1.0)

    assert len(str(caught.value.__cause__)) < 1000


def test_a_truncated_source_is_refused_before_the_year_is_read(engine: Engine) -> None:
    """A year of millions must not come into memory only to be refused."""
    load(engine, 2001, *ROWS)
    statements: list[str] = []
    sa.event.listen(engine, "before_cursor_execute", lambda *event: statements.append(event[2]))

    with pytest.raises(FatalError, match="would delete"):
        load(engine, 2001, ROWS[0], max_delete_share=0.2)

    assert not [statement for statement in statements if "group_concat" in statement.lower()]


@pytest.mark.parametrize("second", [("F", "Anna"), ("F", "Bea"), ("F", "Bea ")])
def test_parts_that_overlap_are_a_bug(sqlite_engine: Engine, second: tuple[str, str]) -> None:
    """Their rows would be compared with the wrong part of the table."""
    first, following = frame(2001, ("F", "Anna", 1), ("F", "Bea", 2)), frame(2001, (*second, 3), ("M", "John", 4))
    parts = [YearPart(first), YearPart(following)]

    with pytest.raises(ValueError, match="not above"):
        run_in_transaction(sqlite_engine, lambda connection: load_parts(connection, 2001, parts, max_delete_share=1))


@pytest.mark.parametrize("size", [1, 7, 300, 10_000])
def test_a_frame_in_parts_is_loaded_like_a_whole_one(engine: Engine, size: int) -> None:
    """Rows before, between and after the keys of the parts are found and deleted."""
    names = [f"Name{number:04}" for number in range(60)]
    before = [(sex, name, 1) for sex in "FM" for name in names]
    wanted = [(sex, name, 1 + (index % 3 == 1)) for sex in "FM" for index, name in enumerate(names) if index % 10]
    wanted = wanted[2:-2]
    load(engine, 2001, *before)

    counts = _load_parts(engine, 2001, wanted, size)

    assert stored(engine, 2001) == wanted
    assert counts == LoadCounts(
        updated=sum(births == 2 for _, _, births in wanted),
        deleted=len(before) - len(wanted),
        unchanged=sum(births == 1 for _, _, births in wanted),
    )


def test_a_frame_in_parts_that_would_delete_too_much_is_refused_whole(engine: Engine) -> None:
    """Also when the first parts were fine."""
    before = [("F", f"Name{number:04}", 1) for number in range(100)]
    wanted = [*(("F", name, 2) for _, name, _ in before[:70]), ("M", "John", 1)]
    load(engine, 2001, *before)

    with pytest.raises(FatalError, match="would delete 30 of its 100 rows"):
        _load_parts(engine, 2001, wanted, 20, max_delete_share=0.2)

    assert stored(engine, 2001) == before


def test_a_frame_that_is_not_sorted_is_a_bug(sqlite_engine: Engine) -> None:
    """Parts of it could not be told from what the table has between them."""
    unsorted = frame(2001, ("M", "John", 1), ("F", "Mary", 1))

    with pytest.raises(ValueError, match="not sorted"):
        run_in_transaction(
            sqlite_engine, lambda connection: load_parts(connection, 2001, [YearPart(unsorted)], max_delete_share=1)
        )


def test_ranges_of_keys_divide_a_year(engine: Engine) -> None:
    """Every row is in one of two ranges that meet, whichever key they meet at."""
    rows: list[Row] = [("F", "Anna", 1), ("F", "Mary", 2), ("M", "Anna", 3), ("M", "John", 4)]
    load(engine, 2001, *rows)

    with connect(engine) as connection:
        for meeting in [("E", "Z"), ("F", "Anna"), ("F", "Bea"), ("F", "Zoe"), ("M", "Anna"), ("M", "Zoe"), ("Z", "A")]:
            below = read_rows(connection, 2001, KeyRange(up_to=meeting)).rows()
            above = read_rows(connection, 2001, KeyRange(above=meeting)).rows()

            assert sorted(below) == [row for row in rows if row[:2] <= meeting]
            assert sorted(above) == [row for row in rows if row[:2] > meeting]


def test_deleting_finds_rows_by_their_key(server_engine: Engine) -> None:
    """A delete that read the whole year would make a release step slow; the server's plan shows it does not."""
    load(server_engine, 2001, *(("F", f"Name{number:04}", 1) for number in range(2000)))
    names = ", ".join(f"'Name{number:04}'" for number in range(0, 1000, 100))

    with server_engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE TABLE baby_names")
        form = "" if connection.dialect.is_mariadb else "FORMAT=TRADITIONAL"  # type: ignore[attr-defined] # MySQL's dialects have it
        plan = connection.execute(
            sa.text(f"EXPLAIN {form} DELETE FROM baby_names WHERE year = 2001 AND sex = 'F' AND name IN ({names})")
        ).mappings()
        [step] = plan.all()

    assert (step["type"], step["key"]) == ("range", "PRIMARY")
    assert int(step["rows"]) <= 20


def test_a_year_is_read_in_the_order_of_the_key(engine: Engine) -> None:
    """By code point, whatever the database's own idea of order."""
    load(engine, 2001, *ROWS)

    with connect(engine) as connection:
        assert read_year(connection, 2001).rows() == [(2001, *row) for row in ROWS]


def _load_parts(engine: Engine, year: int, rows: list[Row], size: int, max_delete_share: float = 1.0) -> LoadCounts:
    parts = [YearPart(rows) for rows in frame(year, *rows).iter_slices(size)]
    return run_in_transaction(
        engine, lambda connection: load_parts(connection, year, parts, max_delete_share=max_delete_share)
    )
