"""Tests of connections, transactions that are tried again, and what a database's errors mean."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import certifi
import pytest
import sqlalchemy as sa
import stamina
from pydantic import SecretStr

from babynames_assets.errors import ConfigurationError, FatalError, RetryableError
from babynames_assets.warehouse.engine import (
    Connection,
    Engine,
    connect,
    describe,
    open_engine,
    run_in_transaction,
)
from babynames_assets_tests.servers.kinds import Kind

PASSWORD = "canary-of-the-warehouse"


@pytest.fixture
def quick_retries() -> Iterator[None]:
    """Retries without waiting, and only two attempts: for what cannot mend itself during the test."""
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture(params=[kind.value for kind in Kind])
def server_parts(request: pytest.FixtureRequest, server_url: Callable[[Kind], str]) -> sa.URL:
    """The URL of a running MySQL and MariaDB in turn, without database."""
    return sa.make_url(server_url(Kind(request.param)))


def opened(url: sa.URL, *, database: str = "mysql") -> Engine:
    """An engine on a database of the server."""
    text = url.set(database=url.database or database).render_as_string(hide_password=False)
    return open_engine(SecretStr(text), connect_timeout=5)


def insert(connection: Connection, name: str) -> None:
    """Insert a row of 2001."""
    connection.execute(sa.text("INSERT INTO baby_names VALUES (2001, 'F', :name, 1)"), {"name": name})


def names(engine: Engine) -> list[str]:
    """The names that are committed."""
    with connect(engine) as connection:
        return list(connection.scalars(sa.text("SELECT name FROM baby_names ORDER BY name")))


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://user:{PASSWORD}@host/database",
        f"mysql://user:{PASSWORD}@host/database",
        f"mysql+pymysql://user:{PASSWORD}@host",
        f"{PASSWORD} is no URL",
        "",
    ],
)
def test_a_url_of_another_form_is_refused_with_the_good_forms(url: str) -> None:
    """The message shows what to write, and never the password."""
    with pytest.raises(ConfigurationError, match=r"BABYNAMES_WAREHOUSE__URL.*mysql\+pymysql://.*sqlite:///") as caught:
        open_engine(SecretStr(url))

    assert PASSWORD not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_folder_of_a_new_file_is_made(tmp_path: Path) -> None:
    """A first run needs no preparation."""
    file = tmp_path / "new" / "folder" / "warehouse.sqlite"
    engine = open_engine(SecretStr(f"sqlite:///{file}"))

    assert describe(engine).startswith("SQLite 3.")

    engine.dispose()
    assert file.is_file()


def test_a_database_in_memory_needs_no_folder() -> None:
    """For trials."""
    engine = open_engine(SecretStr("sqlite://"))

    with connect(engine) as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    engine.dispose()


def test_the_server_is_named_with_its_version(engine: Engine, warehouse_kind: str) -> None:
    """For the demo's summary and the doctor."""
    name, version = describe(engine).split(" ")

    assert name.lower() == warehouse_kind
    assert version.replace(".", "").isdigit()


def test_a_session_is_strict_and_in_utc(engine: Engine) -> None:
    """A value that does not fit is an error, never cut off in silence, whatever the server's own settings are."""
    if engine.dialect.name == "sqlite":
        with connect(engine) as connection:
            assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
            assert connection.scalar(sa.text("PRAGMA foreign_keys")) == 1
        return

    with connect(engine) as connection:
        mode, zone, letters = connection.execute(
            sa.text("SELECT @@sql_mode, @@time_zone, @@character_set_connection")
        ).one()

    assert "STRICT_ALL_TABLES" in mode
    assert (zone, letters) == ("+00:00", "utf8mb4")


def test_a_name_that_is_too_long_is_an_error_on_a_server(engine: Engine) -> None:
    """SQLite knows no lengths; a server must not cut the name."""
    if engine.dialect.name == "sqlite":
        return
    with pytest.raises(sa.exc.DataError), engine.begin() as connection:
        insert(connection, "x" * 101)

    assert names(engine) == []


def test_work_is_committed_and_its_result_handed_back(engine: Engine) -> None:
    """The plain case."""

    def work(connection: Connection) -> str:
        insert(connection, "Anna")
        return "done"

    assert run_in_transaction(engine, work) == "done"
    assert names(engine) == ["Anna"]


def test_work_that_fails_leaves_nothing_and_is_not_repeated(engine: Engine) -> None:
    """A bug is not a reason to try again."""
    calls = []

    def work(connection: Connection) -> None:
        calls.append(1)
        insert(connection, "Anna")
        raise KeyError("bug")

    with pytest.raises(KeyError):
        run_in_transaction(engine, work)

    assert (names(engine), len(calls)) == ([], 1)


def test_a_lost_connection_repeats_the_work_from_its_start(engine: Engine) -> None:
    """What the first try wrote went with its connection; nothing is written twice."""
    if engine.dialect.name == "sqlite":
        return
    calls = []

    def work(connection: Connection) -> None:
        calls.append(1)
        insert(connection, "Anna")
        if len(calls) == 1:
            with engine.connect() as other:
                other.exec_driver_sql(f"KILL {connection.scalar(sa.text('SELECT CONNECTION_ID()'))}")
        insert(connection, "Mary")

    run_in_transaction(engine, work)

    assert (names(engine), len(calls)) == (["Anna", "Mary"], 2)


def test_a_deadlock_repeats_the_work_of_the_one_that_loses(engine: Engine) -> None:
    """Two that lock the same rows in opposite order both come through."""
    for name in ("Anna", "Mary"):
        run_in_transaction(engine, partial(insert, name=name))
    # By the whole key: without it a server would lock every row that it looks at.
    more = sa.text("UPDATE baby_names SET births = births + 1 WHERE year = 2001 AND sex = 'F' AND name = :name")
    meeting = threading.Barrier(2)
    calls: list[str] = []

    def work(connection: Connection, first: str, second: str) -> None:
        calls.append(first)
        for name in (first, second):
            connection.execute(more, {"name": name})
            if len(calls) <= 2 and name == first and engine.dialect.name != "sqlite":
                meeting.wait(timeout=20)

    threads = [
        threading.Thread(target=run_in_transaction, args=(engine, lambda c, pair=pair: work(c, *pair)))
        for pair in (("Anna", "Mary"), ("Mary", "Anna"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    with connect(engine) as connection:
        assert list(connection.scalars(sa.text("SELECT births FROM baby_names"))) == [3, 3]
    assert len(calls) == (2 if engine.dialect.name == "sqlite" else 3)


def test_writers_of_one_file_wait_for_each_other(sqlite_engine: Engine, sqlite_url: str) -> None:
    """Two that read first and write later cannot fail half-way: the second begins when the first has ended."""
    other = open_engine(SecretStr(sqlite_url))

    def add(engine: Engine) -> None:
        for _ in range(20):
            run_in_transaction(engine, _increment)

    def _increment(connection: Connection) -> None:
        count = connection.scalar(sa.text("SELECT COUNT(*) FROM baby_names")) or 0
        insert(connection, f"Name{count:03}")

    threads = [threading.Thread(target=add, args=(engine,)) for engine in (sqlite_engine, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    other.dispose()

    assert names(sqlite_engine) == [f"Name{number:03}" for number in range(40)]


@pytest.mark.usefixtures("quick_retries")
def test_a_file_that_stays_locked_is_worth_another_try(sqlite_engine: Engine, sqlite_url: str) -> None:
    """The message says that another process writes."""
    impatient = sa.create_engine(sqlite_url, connect_args={"timeout": 0})
    holder = sqlite_engine.connect().execution_options(writes=True)
    with (
        holder,
        holder.begin(),
        pytest.raises(RetryableError, match="Another process writes"),
        connect(impatient) as connection,
    ):
        insert(connection, "Anna")
    impatient.dispose()


@pytest.mark.usefixtures("quick_retries")
def test_a_path_that_is_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    """SQLite's own words say nothing of the setting."""
    engine = open_engine(SecretStr(f"sqlite:///{tmp_path}"))

    with pytest.raises(FatalError, match=r"cannot be used.*BABYNAMES_WAREHOUSE__URL"):
        run_in_transaction(engine, lambda connection: connection.exec_driver_sql("SELECT 1"))


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    """It is left as it is."""
    file = tmp_path / "letter.txt"
    file.write_text("Dear reader, this is no database. " * 100)
    engine = open_engine(SecretStr(f"sqlite:///{file}"))

    with pytest.raises(FatalError, match="cannot be used"), connect(engine) as connection:
        connection.exec_driver_sql("SELECT * FROM baby_names")

    assert file.read_text().startswith("Dear reader")
    engine.dispose()


def test_a_full_sqlite_disk_is_said_so(sqlite_engine: Engine) -> None:
    """A limit of pages stands for the disk."""

    def fill(connection: Connection) -> None:
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(5000):
            insert(connection, f"{number:090}")

    with pytest.raises(FatalError, match=r"disk.*is full"):
        run_in_transaction(sqlite_engine, fill)

    assert names(sqlite_engine) == []


@pytest.mark.usefixtures("quick_retries")
def test_a_server_that_is_not_there_is_worth_another_try() -> None:
    """The message names the host, and never the password."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    engine = open_engine(SecretStr(f"mysql+pymysql://user:{PASSWORD}@127.0.0.1:{port}/names"), connect_timeout=2)

    with pytest.raises(RetryableError, match=f"127.0.0.1:{port}.*Another try may succeed") as caught:
        run_in_transaction(engine, lambda connection: connection.scalar(sa.text("SELECT 1")))

    assert PASSWORD not in str(caught.value)


def test_a_server_that_says_nothing_is_given_up_in_time() -> None:
    """A connection without a time limit would hang a run for hours."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        url = SecretStr(f"mysql+pymysql://user@127.0.0.1:{port}/names")
        engine = open_engine(url, connect_timeout=1, read_timeout=1)
        start = time.monotonic()

        with pytest.raises(RetryableError), connect(engine):
            pass

    assert time.monotonic() - start < 10


def test_a_refused_password_is_a_matter_for_a_person(server_parts: sa.URL) -> None:
    """No retry can mend it; the message says which setting can, and does not show the password."""
    engine = opened(server_parts.set(username="nobody", password=PASSWORD))

    with pytest.raises(FatalError, match=r"refuses the user or the password.*BABYNAMES_WAREHOUSE__URL") as caught:
        describe(engine)

    assert PASSWORD not in str(caught.value)


def test_a_server_whose_certificate_nobody_vouches_for_is_a_matter_for_a_person(
    server_url: Callable[[Kind], str],
) -> None:
    """MySQL made its certificate itself: the authorities of the web did not sign it."""
    parts = sa.make_url(server_url(Kind.MYSQL)).update_query_dict({"ssl_ca": certifi.where()})

    with pytest.raises(FatalError, match=r"certificate that is not trusted.*BABYNAMES_WAREHOUSE__URL: \?ssl_ca="):
        describe(opened(parts))


def test_a_connection_is_encrypted_though_nobody_is_to_vouch_for_the_server(server_url: Callable[[Kind], str]) -> None:
    """No option asks for it: what the server can do is used."""
    engine = opened(sa.make_url(server_url(Kind.MYSQL)))

    with connect(engine) as connection:
        cipher = connection.exec_driver_sql("SHOW STATUS LIKE 'Ssl_cipher'").one()[1]

    assert cipher


def test_an_unknown_database_is_a_matter_for_a_person(server_parts: sa.URL) -> None:
    """The message says to create it."""
    engine = opened(server_parts, database="no_such_database")

    with pytest.raises(FatalError, match=r"no_such_database.*create it"):
        describe(engine)


def test_a_read_only_server_is_worth_another_try(engine: Engine, warehouse_kind: str) -> None:
    """A failover leaves the old server read-only for a moment."""
    error = sa.exc.OperationalError("UPDATE", {}, Exception(1290, "running with the --read-only option"))

    def work(_connection: Connection) -> None:
        raise error

    if warehouse_kind == "sqlite":
        return
    with stamina.set_testing(True, attempts=2), pytest.raises(RetryableError, match="read-only"):
        run_in_transaction(engine, work)


def test_an_error_without_a_known_meaning_stays_as_it_is(engine: Engine) -> None:
    """A wrong statement is a bug, and shows itself."""
    with pytest.raises(sa.exc.DBAPIError), connect(engine) as connection:
        connection.exec_driver_sql("SELEKT 1")
