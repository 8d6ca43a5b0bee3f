"""Tests of Dagster's storage over a pool, on real servers that count, stop and restart."""

import gc
import os
import signal
import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import psutil
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from babynames_assets.errors import ConfigurationError, FatalError
from babynames_assets.instance import storage
from babynames_assets.instance.storage import PooledMySQLStorage, open_pool
from babynames_assets.instance.text_columns import short_columns, widen
from babynames_assets.settings import load_settings
from babynames_assets_tests.environment import clear_settings
from babynames_assets_tests.instance.homes import PRODUCTION, make_home
from babynames_assets_tests.servers.kinds import Kind
from babynames_assets_tests.servers.private import PrivateServer
from babynames_assets_tests.servers.provision import restartable_server

YEARS = [str(year) for year in range(2001, 2011)]


@dg.asset(
    partitions_def=dg.StaticPartitionsDefinition(YEARS),
    check_specs=[dg.AssetCheckSpec("holds", asset="numbers")],
)
def numbers() -> dg.MaterializeResult:
    """An asset without work."""
    return dg.MaterializeResult(metadata={"rows": 1}, check_results=[dg.AssetCheckResult(passed=True)])


def connections_made(url: str) -> int:
    """How many connections the server has accepted since it started, this one included."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SHOW GLOBAL STATUS LIKE 'Connections'").one()[1])


def pool_of(instance: dg.DagsterInstance) -> sa.Engine:
    """The pool under an instance."""
    pool = storage.pool_of(instance)
    assert pool is not None
    return pool


def test_a_run_opens_no_more_connections_than_the_pool_has(instance: dg.DagsterInstance, storage_url: str) -> None:
    """dagster-mysql's own storage opens over a hundred."""
    before = connections_made(storage_url)

    result = dg.materialize([numbers], instance=instance, partition_key="2001")

    assert result.success
    assert connections_made(storage_url) - before - 1 <= 5


def test_what_was_written_is_read_by_the_next_process(
    instance: dg.DagsterInstance, home: Path, storage_url: str
) -> None:
    """Runs, events and the state of a check are in the database, and each has its moment in UTC."""
    result = dg.materialize([numbers], instance=instance, partition_key="2001")

    with dg.DagsterInstance.from_config(str(home)) as later:
        record = later.get_run_records()[0]
        assert record.dagster_run.run_id == result.run_id
        assert abs(record.create_timestamp.timestamp() - time.time()) < 600
        assert later.get_latest_materialization_event(numbers.key) is not None
        assert len(later.all_logs(result.run_id)) > 5


def test_the_webserver_keeps_the_pool(instance: dg.DagsterInstance) -> None:
    """Dagster puts a single connection in the place of dagster-mysql's when its webserver starts."""
    pool = pool_of(instance)

    instance.optimize_for_webserver(statement_timeout=1000, pool_recycle=1, max_overflow=1)

    assert pool_of(instance) is pool
    assert pool.pool.size() == 5  # type: ignore[attr-defined]  # a QueuePool has it


def test_processes_that_start_together_create_one_schema(storage_url: str) -> None:
    """Webserver, daemon and code location all find an empty database at once."""
    with ThreadPoolExecutor(4) as threads:
        storages = list(threads.map(lambda _: PooledMySQLStorage(open_pool(load_settings())), range(4)))

    assert [one.run_storage.get_runs() for one in storages] == [[]] * 4


def test_no_column_is_too_short_for_a_large_check(instance: dg.DagsterInstance) -> None:
    """70,000 bytes of metadata are more than a column of type TEXT holds."""

    @dg.asset_check(asset=numbers)
    def is_long() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True, metadata={"text": "x" * 70_000})

    result = dg.materialize([numbers, is_long], instance=instance, partition_key="2001")

    assert result.success
    assert short_columns(pool_of(instance)) == []


def test_columns_of_an_older_instance_are_widened_and_keep_what_they_hold(instance: dg.DagsterInstance) -> None:
    """dagster-mysql made them short."""
    result = dg.materialize([numbers], instance=instance, partition_key="2001")
    pool = pool_of(instance)
    with pool.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE runs MODIFY run_body TEXT")

    widened = widen(pool)

    assert [str(column) for column in widened] == ["runs.run_body"]
    assert short_columns(pool) == []
    assert instance.get_run_by_id(result.run_id) is not None


def test_instances_that_were_closed_leave_nothing_behind(home: Path) -> None:
    """A code server opens one for each look of a sensor: what each left would fill its memory within days."""
    pools = [_pool_of_a_closed_instance(home) for _ in range(5)]

    gc.collect()

    alive = [pool for pool in pools if pool()]
    assert len(alive) <= 1  # the newest may still be referred to


def _pool_of_a_closed_instance(home: Path) -> "weakref.ref[sa.Engine]":
    with dg.DagsterInstance.from_config(str(home)) as opened:
        opened.get_runs_count()
        return weakref.ref(pool_of(opened))


def test_a_forked_child_leaves_the_connections_of_its_parent_alone(instance: dg.DagsterInstance) -> None:
    """Two processes that speak on one connection read each other's answers."""
    result = dg.materialize([numbers], instance=instance, partition_key="2001")
    in_parent = pool_of(instance).raw_connection()
    number = in_parent.thread_id()
    in_parent.close()

    child = os.fork()
    if child == 0:
        with pool_of(instance).connect() as connection:
            theirs = connection.exec_driver_sql("SELECT CONNECTION_ID()").scalar()
        os._exit(0 if theirs != number and instance.get_run_by_id(result.run_id) else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert instance.get_run_by_id(result.run_id) is not None


def test_the_password_shows_nowhere(storage_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the reference that travels on command lines, nor an object's text, nor an error holds it."""
    url = sa.make_url(storage_url).set(username="root", password="k3y-of-the-house", database="missing")
    monkeypatch.setenv("BABYNAMES_DAGSTER__STORAGE_URL", url.render_as_string(hide_password=False))

    with pytest.raises(FatalError) as caught, dg.DagsterInstance.from_config(str(make_home(tmp_path, PRODUCTION))):
        pass

    assert "BABYNAMES_DAGSTER__STORAGE_URL" in str(caught.value)
    assert "k3y-of-the-house" not in repr(caught.value)
    assert "k3y-of-the-house" not in repr(load_settings())


def test_the_reference_of_an_instance_holds_no_secret(instance: dg.DagsterInstance) -> None:
    """Dagster writes it on the command line of each process that it starts."""
    reference = instance.get_ref().storage_data

    assert reference is not None
    assert reference.config_yaml == "{}\n"


def test_without_a_url_the_message_says_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is another database than MySQL and MariaDB taken."""
    clear_settings(monkeypatch, tmp_path)
    with pytest.raises(ConfigurationError, match="BABYNAMES_DAGSTER__STORAGE_URL is not set"):
        open_pool(load_settings())

    monkeypatch.setenv("BABYNAMES_DAGSTER__STORAGE_URL", f"sqlite:///{tmp_path / 'x'}")
    with pytest.raises(ConfigurationError, match="only MySQL or MariaDB"):
        open_pool(load_settings())


def test_the_url_may_lie_in_a_file(storage_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Docker and Kubernetes mount secrets."""
    file = tmp_path / "url"
    file.write_text(storage_url + "\n")
    monkeypatch.delenv("BABYNAMES_DAGSTER__STORAGE_URL")
    monkeypatch.setenv("BABYNAMES_DAGSTER__STORAGE_URL_FILE", str(file))

    assert load_settings().dagster.storage_url == SecretStr(storage_url)


@pytest.fixture(params=list(Kind))
def private(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[PrivateServer, dg.DagsterInstance]]:
    """A server that a test may stop, and an instance on it."""
    clear_settings(monkeypatch, tmp_path)
    with restartable_server(request.param) as server:
        url = sa.make_url(server.url).set(database="dagster")
        engine = sa.create_engine(server.url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE dagster CHARACTER SET utf8mb4")
        monkeypatch.setenv("BABYNAMES_DAGSTER__STORAGE_URL", url.render_as_string(hide_password=False))
        monkeypatch.setenv("BABYNAMES_DAGSTER__READ_TIMEOUT", "3")
        with dg.DagsterInstance.from_config(str(make_home(tmp_path, PRODUCTION))) as instance:
            yield server, instance


def test_a_restart_of_the_server_is_waited_for(private: tuple[PrivateServer, dg.DagsterInstance]) -> None:
    """A process that has connections finds them dead, waits for the server, and goes on."""
    server, instance = private
    dg.materialize([numbers], instance=instance, partition_key="2001")
    server.kill()
    back = threading.Thread(target=server.start)
    back.start()

    result = dg.materialize([numbers], instance=instance, partition_key="2002")

    back.join()
    assert result.success
    assert len(instance.get_run_records()) == 2


@contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    """Stop a process for a while, as a machine that is out of breath does."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def test_a_server_that_says_nothing_does_not_hold_a_process_for_ever(
    private: tuple[PrivateServer, dg.DagsterInstance],
) -> None:
    """A query ends when the time for its answer has passed; when the server is awake again, the next is answered."""
    server, instance = private
    engine = sa.create_engine(server.url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        file = Path(str(connection.exec_driver_sql("SELECT @@pid_file").scalar()))
    process = psutil.Process(int(file.read_text()))
    asked = threading.Event()
    failures: list[BaseException] = []

    def ask() -> None:
        asked.set()
        try:
            pool_of(instance).connect().exec_driver_sql("SELECT 1")
        except sa.exc.DBAPIError as error:
            failures.append(error)

    with stopped(process):
        began = time.monotonic()
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join(120)
        ended = time.monotonic()

    assert not thread.is_alive()
    assert failures
    assert ended - began < 100
    assert instance.get_run_records() == []
