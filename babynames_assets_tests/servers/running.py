"""A private server for one process: own data folder, own port, gone when the process is."""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pymysql
import sqlalchemy as sa

from babynames_assets_tests.servers import guardian, programs
from babynames_assets_tests.servers.kinds import Kind, ServerError
from babynames_assets_tests.servers.programs import Program

START_SECONDS = 90


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        kind: which server it is.
        url: SQLAlchemy URL without a database.
        pid: of the server, where it is ours.
    """

    kind: Kind
    url: str = field(repr=False)
    pid: int | None = None

    def database(self, name: str) -> str:
        """The URL of a database."""
        return sa.make_url(self.url).set(database=name).render_as_string(hide_password=False)


@contextmanager
def private_server(program: Program) -> Iterator[Server]:
    """Start a server; it ends with this block, and with this process at the latest.

    Raises:
        ServerError: it did not answer; the message ends with its log.
    """
    # A short path: the socket inside it may have a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="babynames-"))
    program.initialise(folder)
    port = _free_port()
    log = folder / "log"
    arguments = [sys.executable, "-m", guardian.__name__, str(folder), str(log), *program.serve(folder, port)]
    guard = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        pid = int(_first_line(guard))
        url = programs.url(port)
        wait_for(lambda: answers(url), START_SECONDS, still=lambda: guard.poll() is None, log=log)
        yield Server(program.kind, url, pid)
    finally:
        _close(guard)


@contextmanager
def fresh_database(server: Server) -> Iterator[str]:
    """An empty database, dropped afterwards; its URL."""
    name = f"babynames_test_{uuid.uuid4().hex[:12]}"
    # A latin1 database shows whether the tables themselves say what they need.
    execute(server.url, f"CREATE DATABASE {name} CHARACTER SET latin1")
    try:
        yield server.database(name)
    finally:
        execute(server.url, f"DROP DATABASE {name}")


def execute(url: str, *statements: str) -> None:
    """Run statements on a connection of their own, each committed."""
    parsed = sa.make_url(url)
    with contextlib.closing(
        pymysql.connect(
            host=parsed.host or "127.0.0.1",
            port=parsed.port or 3306,
            user=parsed.username,
            password=parsed.password or "",
            autocommit=True,
            connect_timeout=10,
        )
    ) as connection:
        for statement in statements:
            connection.cursor().execute(statement)


def answers(url: str) -> bool:
    """Whether a server takes a connection and a statement."""
    try:
        execute(url, "SELECT 1")
    except pymysql.err.OperationalError:
        return False
    return True


def wait_for(
    condition: Callable[[], bool], seconds: float, *, still: Callable[[], bool] = lambda: True, log: Path | None = None
) -> None:
    """Wait until something is so, as long as something else still is.

    Raises:
        ServerError: it did not come true; the message ends with the log.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline or not still():
            said = "\n".join(log.read_text(errors="replace").splitlines()[-15:]) if log and log.is_file() else ""
            raise ServerError(f"The server did not answer within {seconds} s. Its log ends with:\n{said}")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _first_line(guard: "subprocess.Popen[bytes]") -> bytes:
    assert guard.stdout is not None
    return guard.stdout.readline()


def _close(guard: "subprocess.Popen[bytes]") -> None:
    assert guard.stdin is not None
    assert guard.stdout is not None
    guard.stdin.close()
    guard.stdout.close()
    guard.wait(guardian.STOP_SECONDS + 10)
