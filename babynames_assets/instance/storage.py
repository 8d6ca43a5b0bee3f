"""Dagster's storage on MySQL or MariaDB over one pool of connections, named as a class in ``dagster.yaml``.

dagster-mysql's own storage opens a connection for each query, over a hundred a run, waits for a server without end, and
gives up a second after the server went away. This one keeps a few connections, asks each whether it still lives before
it is used, waits for answers as long as the settings say, and for a server that restarts about a minute.
"""

import os
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.base_storage import DagsterStorage
from dagster._serdes import ConfigurableClassData
from dagster_mysql import DagsterMySQLStorage, MySQLEventLogStorage, MySQLRunStorage, MySQLScheduleStorage
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from babynames_assets.errors import ConfigurationError, FatalError, RetryableError
from babynames_assets.instance import text_columns
from babynames_assets.instance.event_batches import ask_for_batches, insert_events, store_planned_checks
from babynames_assets.resilience.retry import retrying
from babynames_assets.settings import Settings, load_settings
from babynames_assets.warehouse.engine import Connection, Engine, open_engine

VARIABLE = "BABYNAMES_DAGSTER__STORAGE_URL"

_OVERFLOW = 20
"""Connections beside the pool's for a moment, as Dagster allows its webserver: its threads come in crowds."""

_ATTEMPTS, _FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 18, 0.1, 5.0  # about a minute
_CREATION = "babynames_dagster_storage"
_CREATION_SECONDS = 60
_LASTING = {1044, 1045, 1049, 1698}  # no right to the database, user or password refused, no such database
_NOT_TRUSTED = "CERTIFICATE_VERIFY_FAILED"

_pools: "weakref.WeakSet[Engine]" = weakref.WeakSet()
"""Every pool that is in use. A code server opens an instance for each look of a sensor: none of them may be held."""


def _leave_connections_to_the_parent() -> None:
    """A child process must not speak on its parent's connections, and leaves them open for it."""
    for pool in _pools:
        pool.dispose(close=False)


os.register_at_fork(after_in_child=_leave_connections_to_the_parent)


def open_pool(settings: Settings) -> Engine:
    """The pool that all parts of the storage of one process share; dispose of it.

    Raises:
        ConfigurationError: the settings name no MySQL or MariaDB database for it.
    """
    dagster = settings.dagster
    if dagster.storage_url is None:
        raise ConfigurationError(
            f"dagster.yaml names the pooled MySQL storage, but {VARIABLE} is not set: set it to "
            "mysql+pymysql://user:password@host/database, or use the dagster.yaml of the checkout, which needs none."
        )
    pool = open_engine(
        dagster.storage_url,
        pool_size=dagster.pool_size,
        max_overflow=_OVERFLOW,
        connect_timeout=dagster.connect_timeout,
        read_timeout=dagster.read_timeout,
        setting=VARIABLE,
    )
    if pool.dialect.name != "mysql":
        raise ConfigurationError(f"{VARIABLE} names a {pool.dialect.name} database: only MySQL or MariaDB will do.")
    return pool


def pool_of(instance: dg.DagsterInstance) -> Engine | None:
    """The pool under an instance; None if it has another storage."""
    runs = instance.run_storage
    return runs.pool if isinstance(runs, PooledRunStorage) else None


class PooledMySQLStorage(DagsterMySQLStorage):
    """Runs, event log and schedules over one pool; what it is made of stands in the settings and not in its config."""

    def __init__(self, pool: Engine, inst_data: ConfigurableClassData | None = None) -> None:
        # Not dagster-mysql's: it would make its own parts, each with connections of its own.
        DagsterStorage.__init__(self)  # type: ignore[arg-type,no-untyped-call]  # Dagster's mixins know their class by name only
        self._inst_data = inst_data
        self.pool = pool
        self.mysql_url = pool.url.render_as_string(hide_password=True)
        ask_for_batches()
        _pools.add(pool)
        with _one_process_creates(pool) as is_empty:
            self._run_storage = PooledRunStorage(pool)
            self._event_log_storage = _EventLogStorage(pool)
            self._schedule_storage = _ScheduleStorage(pool)
            if is_empty:
                text_columns.widen(pool)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """None of its own: a URL in dagster.yaml would hand its password to every process's command line."""
        return {}

    @classmethod
    def from_config_value(
        cls,
        inst_data: ConfigurableClassData | None,
        config_value: Mapping[str, Any],  # noqa: ARG003 - the signature is Dagster's
    ) -> "PooledMySQLStorage":
        """As Dagster makes it, from dagster.yaml."""
        return cls(open_pool(load_settings()), inst_data)


class _OverThePool:
    """Puts the pool in the place of the connections that dagster-mysql would open."""

    def __init__(self, pool: Engine) -> None:
        self._pool = pool
        super().__init__(pool.url.render_as_string(hide_password=True))  # type: ignore[call-arg]  # the class that follows by inheritance takes it

    @property
    def _engine(self) -> Engine:
        return self._pool

    @_engine.setter
    def _engine(self, stock: Engine) -> None:
        """Dagster sets one without a pool when it starts, and one with a single connection in the webserver."""


class PooledRunStorage(_OverThePool, MySQLRunStorage):
    """dagster-mysql's runs, and the way from an instance to the pool."""

    def connect(self, run_id: str | None = None) -> AbstractContextManager[Connection]:  # noqa: ARG002 - Dagster's
        """A transaction."""
        return _transaction(self._pool)

    @property
    def pool(self) -> Engine:
        """The connections of all parts."""
        return self._pool

    def dispose(self) -> None:
        """Close them."""
        self._pool.dispose()


class _EventLogStorage(_OverThePool, MySQLEventLogStorage):
    def _connect(self) -> AbstractContextManager[Connection]:
        return _transaction(self._pool)

    def store_event_batch(self, events: Sequence[dg.EventLogEntry]) -> None:
        """Store the plans or materializations of many partitions in one transaction; stock takes two for each."""
        with self._connect() as connection:
            ids = insert_events(self, connection, events)
        store_planned_checks(self, events, ids)


class _ScheduleStorage(_OverThePool, MySQLScheduleStorage):
    def connect(self) -> AbstractContextManager[Connection]:
        return _transaction(self._pool)


@contextmanager
def _transaction(pool: Engine) -> Iterator[Connection]:
    with patient_connection(pool) as connection, connection.begin():
        yield connection


def patient_connection(pool: Engine) -> Connection:
    """A connection that lives; a server that restarts is waited for.

    Raises:
        RetryableError: it did not come back.
        FatalError: a person has to change something.
    """

    def once() -> Connection:
        try:
            return pool.connect()
        except (DBAPIError, PoolTimeoutError) as error:
            raise _meaning(pool, error) from error

    return retrying(
        once,
        what="connection to Dagster's storage",
        attempts=_ATTEMPTS,
        first_wait=_FIRST_WAIT_SECONDS,
        max_wait=_LONGEST_WAIT_SECONDS,
    )


def _meaning(pool: Engine, error: DBAPIError | PoolTimeoutError) -> Exception:
    place = pool.url.render_as_string(hide_password=True)
    told = error.orig.args if isinstance(error, DBAPIError) and error.orig else (None, error)
    if told[0] in _LASTING or _NOT_TRUSTED in str(told[-1]):
        return FatalError(f"Dagster's storage at {place} cannot be used: {told[-1]}. Mend {VARIABLE}.")
    return RetryableError(f"Dagster's storage at {place} cannot answer now: {told[-1]}. Another try may succeed.")


@contextmanager
def _one_process_creates(pool: Engine) -> Iterator[bool]:
    """Whether the database is empty; the others wait while one fills it.

    Webserver, daemon and code location start at the same moment, and two that create the same tables would both fail.
    """
    with patient_connection(pool) as connection:
        # In no transaction: one that has looked for a table would keep the others from creating it.
        connection.execution_options(isolation_level="AUTOCOMMIT")
        query = sa.select(sa.func.get_lock(_CREATION, _CREATION_SECONDS))
        if not connection.scalar(query):
            raise RetryableError(
                f"Another process has been creating the tables of Dagster's storage for {_CREATION_SECONDS} s. Start "
                "this one again when it has ended."
            )
        try:
            yield not sa.inspect(connection).has_table("runs")
        finally:
            connection.execute(sa.select(sa.func.release_lock(_CREATION)))
