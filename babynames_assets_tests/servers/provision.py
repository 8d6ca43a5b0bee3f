"""Gets a MySQL or MariaDB server for the tests, one way or another, and never goes on without one in silence."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import sqlalchemy as sa

from babynames_assets_tests.servers import debian, docker, keeper, programs
from babynames_assets_tests.servers.kinds import Kind, ServerError
from babynames_assets_tests.servers.programs import Program, Step

DOWNLOADS = Path(__file__).parents[2] / ".servers"
_START_SECONDS = 120.0
_PULL_SECONDS = 900.0


@contextmanager
def server(kind: Kind, *, downloads: Path = DOWNLOADS) -> Iterator[str]:
    """A server: the one that the environment names, else a private one that is gone afterwards.

    Args:
        kind: which server.
        downloads: where Debian's packages are kept.

    Yields:
        A URL without database; its user may create and drop databases.

    Raises:
        ServerError: there is no way to a server on this machine; the message says what to do.
    """
    if url := os.environ.get(kind.variable):
        _check_named(kind, url)
        yield url
        return
    program = _find_program(kind, downloads)
    port = _free_port()
    with _private_folder() as folder:
        steps = program.steps(folder, port) if program else docker.steps(kind, port)
        with _kept(folder, steps):
            _wait_until_ready(kind, folder, port, _START_SECONDS if program else _PULL_SECONDS)
            yield f"mysql+pymysql://root@127.0.0.1:{port}/"


def _find_program(kind: Kind, downloads: Path) -> Program | None:
    """The server's program; None when a container has to do."""
    if program := programs.find(kind):
        return program
    if debian.is_debian():
        return programs.unpacked(kind, debian.unpack(kind, downloads / kind))
    if docker.has_engine():
        sys.stderr.write(f"\nStarting {docker.IMAGES[kind]} in Docker; the first time it is downloaded ...\n")
        return None
    raise ServerError(
        f"The tests need a {kind} server, and there is none: {kind.variable} is not set, no such server is on the "
        f"PATH, this is not Debian with apt-get and dpkg, and no Docker engine answers. Do one of: set "
        f"{kind.variable}=mysql+pymysql://user:password@host:3306/ (a user that may create databases), install the "
        f"server (macOS: brew install {kind}), or start Docker."
    )


def _check_named(kind: Kind, url: str) -> None:
    try:
        sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 10}).connect().close()
    except sa.exc.SQLAlchemyError as error:
        place = f"{kind.variable} is set, but no server can be used there"
        raise ServerError(f"{place} ({type(error).__name__}). Start it, mend the URL, or unset the variable.") from None


@contextmanager
def _private_folder() -> Iterator[Path]:
    # A short path: the name of a socket may have no more than about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="babynames-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # for the case that the keeper did not come so far


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _kept(folder: Path, steps: list[Step]) -> Iterator[None]:
    """The steps under a keeper, which stops them when this process ends in whichever way."""
    plain = [{"command": step.command, "input": str(step.input or "")} for step in steps]
    command = [sys.executable, "-I", "-S", keeper.__file__, str(folder), json.dumps(plain)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin is not None
        try:
            yield
        finally:
            process.stdin.close()
            process.wait()


def _wait_until_ready(kind: Kind, folder: Path, port: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user="root", connect_timeout=5).close()
        except pymysql.err.OperationalError as error:
            if (folder / "ended").exists() or time.monotonic() > deadline:
                log = (folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
                said = "\n".join(log[-20:])
                raise ServerError(f"The private {kind} server did not start within {seconds:.0f} s:\n{said}") from error
            time.sleep(0.05)
        else:
            return
