"""Connections to the warehouse, transactions that are tried again, and what a database's errors mean."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from pydantic import SecretStr
from sqlalchemy.engine import Connection as Connection  # noqa: PLC0414 - callers may not import sqlalchemy
from sqlalchemy.engine import Engine as Engine  # noqa: PLC0414 - as above
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from babynames_assets.errors import ConfigurationError, FatalError, RetryableError
from babynames_assets.resilience.retry import retrying
from babynames_assets.warehouse.local_files import NOT_OFFERED, LocalFileConnection

T = TypeVar("T")

GOOD_URLS = "mysql+pymysql://user:password@host:3306/database (MySQL, MariaDB) or sqlite:///file"
_MODES = "STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
_SQLITE_WAIT_SECONDS = 30
_LONGEST_TEXT = 2**30

TAKES_FILES = "takes_files"
"""Key in a connection's ``info``: whether the server takes ``LOAD DATA LOCAL INFILE``."""

# About twenty seconds in all: long enough for a server that restarts.
_ATTEMPTS = 12
_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 5.0

# Codes of MySQL and MariaDB: lock wait, deadlock, server gone, connection lost, shutdown, too many users, read-only.
_PASSING = {1205, 1213, 2003, 2006, 2013, 2014, 1053, 1040, 1203, 1290, 1836, 3100, 1020}
_LASTING = {
    1044: "The user may not use this database: grant it, or name another in BABYNAMES_WAREHOUSE__URL.",
    1045: "The server refuses the user or the password: mend BABYNAMES_WAREHOUSE__URL.",
    1049: "The database does not exist: create it, or name another in BABYNAMES_WAREHOUSE__URL.",
    1142: "The user lacks a privilege: it needs SELECT, INSERT, UPDATE, DELETE, and to migrate CREATE, ALTER, DROP.",
    NOT_OFFERED: "Nothing was sent. It is not to be trusted: check BABYNAMES_WAREHOUSE__URL.",
    1021: "The server's disk is full: make room, then run this again.",
    1114: "The server's disk is full: make room, then run this again.",
    1406: "The frame's schema should have kept it out: report this; nothing is changed.",
    1698: "The server refuses the user or the password: mend BABYNAMES_WAREHOUSE__URL.",
}
_NOT_TRUSTED = "CERTIFICATE_VERIFY_FAILED"

_log = structlog.get_logger(__name__)


def open_engine(
    url: SecretStr,
    *,
    pool_size: int = 5,
    max_overflow: int | None = None,
    connect_timeout: float = 10,
    read_timeout: float = 300,
    setting: str = "BABYNAMES_WAREHOUSE__URL",
) -> Engine:
    """Make a pool of connections; it connects when it is used.

    Args:
        url: SQLAlchemy URL of MySQL, MariaDB or SQLite.
        pool_size: connections that stay open.
        max_overflow: further ones that may be open for a moment; None: as many again.
        connect_timeout: seconds to wait for a connection.
        read_timeout: seconds to wait for an answer.
        setting: the variable that holds the URL, for messages.

    Raises:
        ConfigurationError: the URL is of another form.
    """
    try:
        parsed = sa.make_url(url.get_secret_value())
    except ArgumentError:
        raise ConfigurationError(f"{setting} is not a URL. Good ones: {GOOD_URLS}.") from None
    if parsed.drivername == "sqlite":
        return _open_sqlite(parsed)
    if parsed.drivername == "mysql+pymysql" and parsed.database:
        overflow = pool_size if max_overflow is None else max_overflow
        return _open_mysql(parsed, (pool_size, overflow), connect_timeout, read_timeout)
    raise ConfigurationError(
        f"{setting} begins with {parsed.drivername}:// and names the database "
        f"{parsed.database or '(none)'}. Good ones: {GOOD_URLS}."
    )


@contextmanager
def connect(engine: Engine) -> Iterator[Connection]:
    """A connection for reading; a failure says what to do.

    Raises:
        RetryableError: the database cannot answer now.
        FatalError: a person has to change something.
    """
    with _meaningful_errors(engine), engine.connect() as connection:
        yield connection


def run_in_transaction(engine: Engine, work: Callable[[Connection], T]) -> T:
    """Do some work in one transaction; a deadlock or a lost connection repeats it from the start.

    Args:
        engine: the warehouse.
        work: may be called more than once, each time on a transaction in which nothing has happened yet.

    Raises:
        RetryableError: the database still cannot do it after some tries.
        FatalError: a person has to change something.
    """

    def once() -> T:
        with _meaningful_errors(engine), engine.connect() as connection, _left_open_by_nobody(connection):
            writing = connection.execution_options(writes=True)
            with writing.begin():
                return work(writing)

    return retrying(
        once,
        what="warehouse transaction",
        attempts=_ATTEMPTS,
        first_wait=_FIRST_WAIT_SECONDS,
        max_wait=_LONGEST_WAIT_SECONDS,
    )


@contextmanager
def _left_open_by_nobody(connection: Connection) -> Iterator[None]:
    """Cut the connection when an exception comes from outside, such as that of a signal.

    It may come in the middle of a commit or a rollback, and a transaction that is left open would keep its locks from
    whoever cleans up in this process.
    """
    pooled = connection.connection
    try:
        yield
    except Exception:
        raise
    except BaseException:
        pooled.invalidate()
        raise


def describe(engine: Engine) -> str:
    """Name and version of the server, for example ``MySQL 9.7.4``."""
    with connect(engine) as connection:
        if engine.dialect.name == "sqlite":
            return f"SQLite {connection.scalar(sa.text('SELECT sqlite_version()'))}"
        version = str(connection.scalar(sa.text("SELECT VERSION()")))
    return f"{'MariaDB' if 'mariadb' in version.lower() else 'MySQL'} {version.split('-', maxsplit=1)[0]}"


def _open_sqlite(url: sa.URL) -> Engine:
    folder = Path(url.database or "").parent  # of a database in memory: the current one, which exists
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} of the warehouse's SQLite file cannot be made ({error.strerror}): mend its rights, "
            "or set BABYNAMES_WAREHOUSE__URL or BABYNAMES_STATE_FOLDER."
        ) from error
    engine = sa.create_engine(url, connect_args={"timeout": _SQLITE_WAIT_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # transactions begin where SQLAlchemy says so, below
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later could meet another writer half-way and would have to fail.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _open_mysql(url: sa.URL, size: tuple[int, int], connect_timeout: float, read_timeout: float) -> Engine:
    engine = sa.create_engine(
        url,
        pool_size=size[0],
        max_overflow=size[1],
        pool_pre_ping=True,
        pool_recycle=1800,
        isolation_level="REPEATABLE READ",
        connect_args={
            "connect_timeout": connect_timeout,
            # Also for the greeting and the login: a server that accepts and then says nothing would else hold a run for
            # the whole of read_timeout, which is longer and set below.
            "read_timeout": connect_timeout,
            "write_timeout": read_timeout,
            "charset": "utf8mb4",
            "local_infile": True,
            "init_command": (
                f"SET time_zone = '+00:00', sql_mode = '{_MODES}', innodb_lock_wait_timeout = 50, "
                f"group_concat_max_len = {_LONGEST_TEXT}"
            ),
        },
    )

    @sa.event.listens_for(engine, "do_connect")
    def open_connection(_dialect: Any, _record: Any, arguments: Any, named: Any) -> LocalFileConnection:
        return LocalFileConnection(*arguments, **named)

    @sa.event.listens_for(engine, "connect")
    def prepare(dbapi_connection: Any, record: Any) -> None:
        dbapi_connection._read_timeout = read_timeout  # noqa: SLF001 - PyMySQL has one time limit for login and statements
        record.info[TAKES_FILES] = dbapi_connection.server_takes_files()

    @sa.event.listens_for(engine, "handle_error")
    def give_up(context: Any) -> None:
        # The connection is closed already: a rollback would raise an error that hides this one.
        if context.original_exception.args[:1] == (NOT_OFFERED,):
            context.is_disconnect = True

    return engine


@contextmanager
def _meaningful_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _meaning(engine, error) from error
    except PoolTimeoutError as error:
        raise RetryableError(
            f"All connections of this process to {engine.url.render_as_string()} stayed in use ({error}). Another "
            "try may succeed; raise BABYNAMES_WAREHOUSE__POOL_SIZE if this happens again."
        ) from error


def _meaning(engine: Engine, error: DBAPIError) -> Exception:
    place = engine.url.render_as_string(hide_password=True)
    if engine.dialect.name == "sqlite":
        return _sqlite_meaning(place, error)
    code = error.orig.args[0] if error.orig and error.orig.args else None
    text = error.orig.args[-1] if error.orig and error.orig.args else error
    if _NOT_TRUSTED in str(text):
        return FatalError(
            f"The warehouse at {place} shows a certificate that is not trusted ({text}). Nothing was sent. Name the "
            "authority that signed it in BABYNAMES_WAREHOUSE__URL: ?ssl_ca=/path/to/ca.pem"
        )
    if code in _LASTING:
        return FatalError(f"The warehouse at {place} answered: {text}. {_LASTING[code]}")
    if code in _PASSING or error.connection_invalidated:
        return RetryableError(f"The warehouse at {place} cannot answer now: {text}. Another try may succeed.")
    return error


def _sqlite_meaning(place: str, error: DBAPIError) -> Exception:
    text = str(error.orig)
    if "locked" in text or "busy" in text:
        return RetryableError(f"Another process writes to {place} ({text}). Another try may succeed.")
    if "full" in text:
        return FatalError(f"The disk of {place} is full: make room, then run this again.")
    if "unable to open" in text or "readonly" in text or "not a database" in text:
        return FatalError(
            f"{place} cannot be used ({text}): mend the file's place or rights, or BABYNAMES_WAREHOUSE__URL."
        )
    return error
