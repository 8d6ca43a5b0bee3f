"""Gets a MySQL or MariaDB server for the tests, one way or another, and never goes on without one in silence."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from babynames_assets_tests.servers import debian, docker, programs
from babynames_assets_tests.servers.kinds import Kind, ServerError
from babynames_assets_tests.servers.private import PrivateServer, private_server
from babynames_assets_tests.servers.programs import Program, Step

DOWNLOADS = Path(__file__).parents[2] / ".servers"
_START_SECONDS = 120.0
_PULL_SECONDS = 900.0


@contextmanager
def server(kind: Kind, *, downloads: Path = DOWNLOADS, durable: bool = False) -> Iterator[str]:
    """A server: the one that the environment names, as it is, else a private one that is gone afterwards.

    Args:
        kind: which server.
        downloads: where Debian's packages are kept.
        durable: a private one runs as it ships, so that a commit is on the disk. Else it is in a hurry.

    Yields:
        A URL without database; its user may create and drop databases.

    Raises:
        ServerError: there is no way to a server on this machine; the message says what to do.
    """
    if url := os.environ.get(kind.variable):
        _check_named(kind, url)
        yield url
        return
    if program := _find_program(kind, downloads):
        running = private_server(kind, partial(program.steps, durable=durable), start_seconds=_START_SECONDS)
    else:
        steps = partial(_container_steps, kind, durable)
        running = private_server(kind, steps, start_seconds=_PULL_SECONDS)
    with running as private:
        yield private.url


@contextmanager
def restartable_server(kind: Kind, *, downloads: Path = DOWNLOADS) -> Iterator[PrivateServer]:
    """A private server that can be killed and started again, and keeps what was committed; gone afterwards.

    A server that the environment names is left alone: it is not ours to kill.

    Args:
        kind: which server.
        downloads: where Debian's packages are kept.

    Raises:
        ServerError: its program is not on this machine; a container does not do. The message says what to do.
    """
    program = _find_program(kind, downloads)
    if program is None:
        raise ServerError(
            f"A test kills a {kind} server and starts it again. A container is not made for that, and a server that "
            f"{kind.variable} names is never killed. Install the program (macOS: brew install {kind})."
        )
    with private_server(kind, partial(program.steps, durable=True), start_seconds=_START_SECONDS) as running:
        yield running


def _container_steps(kind: Kind, durable: bool, _folder: Path, port: int) -> list[Step]:
    return docker.steps(kind, port, durable=durable)


def _find_program(kind: Kind, downloads: Path) -> Program | None:
    """The server's program; None when a container has to do."""
    if program := programs.find(kind):
        return program
    if debian.is_debian():
        return programs.unpacked(kind, debian.unpack(debian.PACKAGES[kind], downloads / kind))
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
