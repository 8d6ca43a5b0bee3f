"""Tests of making a partition a year."""

import threading

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from babynames_assets.errors import RetryableError
from babynames_assets.warehouse import partitioning
from babynames_assets.warehouse.engine import Connection, Engine, connect, open_engine
from babynames_assets.warehouse.partitioning import ensure_years, years
from babynames_assets_tests.warehouse.frames import load, stored


def expected(engine: Engine, *wanted: int) -> list[int]:
    """What there is to see after asking for these years: nothing on SQLite."""
    return [] if engine.dialect.name == "sqlite" else list(wanted)


def test_a_new_table_has_no_year_of_its_own(engine: Engine) -> None:
    """One partition holds everything."""
    assert years(engine) == []


def test_each_year_of_a_range_gets_a_partition(engine: Engine) -> None:
    """The whole history in one call, as a first load asks for."""
    ensure_years(engine, 1880, 2024)

    assert years(engine) == expected(engine, *range(1880, 2025))


def test_asking_again_changes_nothing(engine: Engine) -> None:
    """Every load asks first."""
    ensure_years(engine, 2000, 2003)

    ensure_years(engine, 2000, 2003)
    ensure_years(engine, 2001, 2002)

    assert years(engine) == expected(engine, 2000, 2001, 2002, 2003)


@pytest.mark.parametrize(
    "ranges",
    [
        [(2000, 2000), (2001, 2003), (2004, 2004)],
        [(2004, 2004), (2003, 2003), (2000, 2002)],
        [(2001, 2002), (2000, 2004)],
        [(2000, 2001), (2003, 2004), (2000, 2004)],
        [(2004, 2004), (2000, 2000), (2002, 2002), (2001, 2003)],
    ],
)
def test_the_order_of_the_calls_does_not_matter(engine: Engine, ranges: list[tuple[int, int]]) -> None:
    """Years may come from above, from below, or into a gap."""
    for first, last in ranges:
        ensure_years(engine, first, last)

    assert years(engine) == expected(engine, 2000, 2001, 2002, 2003, 2004)


def test_rows_stay_where_they_belong_when_a_partition_is_split(engine: Engine) -> None:
    """A year that was loaded before it had a partition loses nothing."""
    for year in (1990, 2000, 2010):
        load(engine, year, ("F", "Mary", year))

    ensure_years(engine, 1995, 2005)
    ensure_years(engine, 1985, 2015)

    for year in (1990, 2000, 2010):
        assert stored(engine, year) == [("F", "Mary", year)]


def test_a_year_lies_in_its_own_partition(engine: Engine) -> None:
    """So a query of one year reads no other's rows."""
    if engine.dialect.name == "sqlite":
        return
    ensure_years(engine, 2000, 2002)
    load(engine, 2001, ("F", "Mary", 1))

    with connect(engine) as connection:
        counted = connection.scalar(sa.text("SELECT COUNT(*) FROM baby_names PARTITION (p2001)"))
        plan = (
            connection.execute(sa.text("EXPLAIN PARTITIONS SELECT * FROM baby_names WHERE year = 2001"))
            if ("MariaDB" in str(connection.scalar(sa.text("SELECT VERSION()"))))
            else connection.execute(sa.text("EXPLAIN FORMAT=TRADITIONAL SELECT * FROM baby_names WHERE year = 2001"))
        )
        partitions = plan.mappings().one()["partitions"]

    assert (counted, partitions) == (1, "p2001")


def test_two_processes_may_ask_at_once(engine: Engine) -> None:
    """One waits for the other, and both succeed."""
    failures: list[BaseException] = []

    def ask(first: int, last: int) -> None:
        try:
            ensure_years(engine, first, last)
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=ask, args=pair) for pair in ((2000, 2005), (2003, 2008), (2000, 2008))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert failures == []
    assert years(engine) == expected(engine, *range(2000, 2009))


def test_a_lock_that_is_not_freed_is_worth_another_try(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the lock."""
    if engine.dialect.name == "sqlite":
        return
    monkeypatch.setattr(partitioning, "_LOCK", f"babynames_partitions_{id(engine)}")
    monkeypatch.setattr(partitioning, "_LOCK_SECONDS", 0)
    with engine.connect() as holder:
        holder.scalar(sa.select(sa.func.get_lock(partitioning._LOCK, 0)))  # noqa: SLF001 - the name in use

        with pytest.raises(RetryableError, match="Another process holds the lock babynames_partitions"):
            ensure_years(engine, 2000, 2001)

    assert years(engine) == []


def test_partitions_of_somebody_else_are_left_alone(engine: Engine) -> None:
    """A table that a person partitioned in another way is not guessed at."""
    if engine.dialect.name == "sqlite":
        return
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "ALTER TABLE baby_names REORGANIZE PARTITION p_future INTO "
            "(PARTITION old VALUES LESS THAN (1950), PARTITION p_future VALUES LESS THAN MAXVALUE)"
        )

    with pytest.raises(ValueError, match="a partition that this project did not make: old"):
        ensure_years(engine, 2000, 2001)


Boundaries = list[tuple[str, int | None]]


def split(boundaries: Boundaries, first: int, last: int) -> Boundaries:
    """What the statements would leave."""
    parts = {name: (new, top) for name, new, top in partitioning._splits(boundaries, first, last)}  # noqa: SLF001 - as a server does it
    left: Boundaries = []
    for name, below in boundaries:
        new, _ = parts.get(name, ([], False))
        left += [(f"p{year}", year + 1) for year in new]
        if below is None or not new:
            left.append((name, below))
    return left


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(1990, 2010), st.integers(0, 6)), min_size=1, max_size=8))
def test_any_calls_leave_ascending_partitions_with_every_year_that_was_asked_for(calls: list[tuple[int, int]]) -> None:
    """Boundaries only ever grow in number, ascend strictly, and end in the one for everything later."""
    boundaries: Boundaries = [("p_future", None)]

    for first, length in calls:
        before = boundaries
        boundaries = split(boundaries, first, first + length)

        assert set(before) <= set(boundaries)
        own = [below - 1 for _, below in boundaries if below is not None]
        assert own == sorted(set(own))
        assert set(range(first, first + length + 1)) <= set(own)
        assert boundaries[-1] == ("p_future", None)
        assert split(boundaries, first, first + length) == boundaries


def test_a_connection_that_is_lost_half_way_is_worth_another_try(server_engine: Engine) -> None:
    """The error says so; that the lock cannot be released any more does not hide it."""
    url = server_engine.url.render_as_string(hide_password=False)
    fragile = open_engine(SecretStr(url))

    @sa.event.listens_for(fragile, "before_cursor_execute")
    def lose(connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("ALTER TABLE"):
            with server_engine.connect() as other:
                number = connection.connection.thread_id()
                other.exec_driver_sql(f"KILL CONNECTION {number}")

    with pytest.raises(RetryableError):
        ensure_years(fragile, 2000, 2001)

    ensure_years(server_engine, 2000, 2001)
    assert years(server_engine) == [2000, 2001]
    fragile.dispose()
