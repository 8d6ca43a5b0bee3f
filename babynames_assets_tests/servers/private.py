"""A private server while it runs: it can crash and come back, and it is gone when the process that uses it ends."""

import json
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql

from babynames_assets_tests.servers import keeper
from babynames_assets_tests.servers.kinds import Kind, ServerError
from babynames_assets_tests.servers.programs import Step

_KILL_SECONDS = 30.0
# Below the ports that systems give to clients: who calls a server that is down can be given the server's own port, is
# then connected to itself, and the server cannot come back.
_PORTS = (15_000, 32_000)


class PrivateServer:
    """A server under a keeper.

    Attributes:
        url: without a database; its user may create and drop databases.
    """

    def __init__(self, kind: Kind, folder: Path, port: int, pipe: int, start_seconds: float) -> None:
        self.url = f"mysql+pymysql://root@127.0.0.1:{port}/"
        self._kind = kind
        self._folder = folder
        self._port = port
        self._pipe = pipe
        self._start_seconds = start_seconds

    def kill(self) -> None:
        """End the server with SIGKILL; returns when it is dead."""
        self._ask(keeper.KILL)
        deadline = time.monotonic() + _KILL_SECONDS
        while not self._ended.exists():
            if time.monotonic() > deadline:
                raise ServerError(f"The private {self._kind} server is not dead {_KILL_SECONDS:.0f} s after SIGKILL.")
            time.sleep(0.01)

    def start(self) -> None:
        """Start the server again, on its data and its port; returns when it has recovered and answers.

        Raises:
            ServerError: it does not; the message ends with its log.
        """
        self._ended.unlink()
        self._ask(keeper.START)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Return when the server answers.

        Raises:
            ServerError: it has ended, or does not answer in time; the message ends with its log.
        """
        deadline = time.monotonic() + self._start_seconds
        while True:
            try:
                pymysql.connect(host="127.0.0.1", port=self._port, user="root", connect_timeout=5).close()
            except pymysql.err.OperationalError as error:
                if self._ended.exists() or time.monotonic() > deadline:
                    raise self._failure() from error
                time.sleep(0.05)
            else:
                return

    @property
    def _ended(self) -> Path:
        return self._folder / "ended"

    def _ask(self, request: bytes) -> None:
        with open(self._pipe, "wb", buffering=0, closefd=False) as pipe:
            pipe.write(request)

    def _failure(self) -> ServerError:
        said = "\n".join((self._folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()[-20:])
        return ServerError(f"The private {self._kind} server did not start within {self._start_seconds:.0f} s:\n{said}")


@contextmanager
def private_server(
    kind: Kind, steps: Callable[[Path, int], list[Step]], *, start_seconds: float
) -> Iterator[PrivateServer]:
    """Run a server until the block ends, or until this process does in whichever way.

    Args:
        kind: what it is.
        steps: the commands, for a folder and a port.
        start_seconds: how long it may take until it answers.
    """
    port = free_port()
    with _private_folder() as folder, _kept(folder, steps(folder, port)) as pipe:
        server = PrivateServer(kind, folder, port, pipe, start_seconds)
        server.wait_until_ready()
        yield server


@contextmanager
def _private_folder() -> Iterator[Path]:
    # A short path: the name of a socket may have no more than about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="babynames-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # for the case that the keeper did not come so far


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    while True:
        port = random.randint(*_PORTS)  # noqa: S311 - not a secret
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@contextmanager
def _kept(folder: Path, steps: list[Step]) -> Iterator[int]:
    """The steps under a keeper, which stops them when this process ends; gives the pipe for requests."""
    plain = [{"command": step.command, "input": str(step.input or "")} for step in steps]
    command = [sys.executable, "-I", "-S", keeper.__file__, str(folder), json.dumps(plain)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin is not None
        try:
            yield process.stdin.fileno()
        finally:
            process.stdin.close()
            process.wait()
