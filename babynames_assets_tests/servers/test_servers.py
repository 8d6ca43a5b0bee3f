"""Tests of getting a server for the tests, and of leaving nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import sqlalchemy as sa

from babynames_assets_tests.servers import debian, docker, keeper, programs, provision
from babynames_assets_tests.servers.databases import fresh_database
from babynames_assets_tests.servers.kinds import Kind, ServerError

CHECKOUT = Path(__file__).parents[2]


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def kept_folder(process: psutil.Process) -> tuple[psutil.Process, Path]:
    """The keeper that a process has started, and the folder that it keeps."""
    found = [child for child in process.children() if keeper.__file__ in child.cmdline()]
    assert len(found) == 1
    return found[0], Path(found[0].cmdline()[found[0].cmdline().index(keeper.__file__) + 1])


@pytest.fixture
def private_server() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command that starts a MariaDB, as a process, and the URL that it printed."""
    environment = {name: value for name, value in os.environ.items() if name not in {kind.variable for kind in Kind}}
    command = [sys.executable, "-m", "babynames_assets_tests.servers", "mariadb"]
    with subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


@pytest.mark.parametrize("end", ["close", signal.SIGINT, signal.SIGKILL])
def test_a_private_server_leaves_nothing_behind(
    private_server: tuple[subprocess.Popen[str], str], end: str | signal.Signals
) -> None:
    """Neither process nor folder, whether its user ended, pressed Ctrl-C, or was killed and could not tidy up."""
    process, url = private_server
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        assert "MariaDB" in str(connection.scalar(sa.text("SELECT VERSION()")))
    guard, folder = kept_folder(psutil.Process(process.pid))
    family = [guard, *guard.children(recursive=True)]
    assert len(family) > 1

    if isinstance(end, str):
        assert process.stdin is not None
        process.stdin.close()
    else:
        process.send_signal(end)

    wait_until(lambda: not any(member.is_running() for member in family))
    assert not folder.exists()


@pytest.mark.parametrize("words", [["oracle"], [], ["mysql", "mariadb"], ["--durable"], ["mysql", "--fast"]])
def test_the_command_says_how_it_is_used(words: list[str]) -> None:
    """A kind or an option that does not exist is not guessed at."""
    command = [sys.executable, "-m", "babynames_assets_tests.servers", *words]

    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert "mysql|mariadb [--durable]" in done.stderr


@pytest.mark.parametrize("kind", list(Kind))
def test_a_restartable_server_keeps_what_was_committed(kind: Kind) -> None:
    """SIGKILL ends it with its connections; after the start the committed row is there, the other is not."""
    with provision.restartable_server(kind) as server:
        engine = sa.create_engine(server.url, poolclass=sa.NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE DATABASE crash")
            connection.exec_driver_sql("CREATE TABLE crash.notes (id INT PRIMARY KEY)")
            connection.exec_driver_sql("INSERT INTO crash.notes VALUES (1)")
        with engine.connect() as connection:
            connection.exec_driver_sql("INSERT INTO crash.notes VALUES (2)")
            server.kill()
            with pytest.raises(sa.exc.OperationalError):
                connection.exec_driver_sql("SELECT 1")
        with pytest.raises(sa.exc.OperationalError):
            engine.connect()

        server.start()

        with engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT id FROM crash.notes").scalars().all() == [1]


@pytest.mark.parametrize(("durable", "flush"), [(True, 1), (False, 0)])
def test_a_durable_server_runs_with_what_it_ships(durable: bool, flush: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every commit reaches the disk, or none has to, as asked for."""
    monkeypatch.delenv(Kind.MARIADB.variable, raising=False)

    with provision.server(Kind.MARIADB, durable=durable) as url:
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        with engine.connect() as connection:
            found = connection.exec_driver_sql("SELECT @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite").one()

    assert [int(value) for value in found] == [flush, flush]


def test_a_restartable_server_is_never_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the program the message says what to install."""
    monkeypatch.setattr(provision, "_find_program", lambda _kind, _downloads: None)

    with pytest.raises(ServerError, match=r"Install the program.*brew install mysql"):
        provision.restartable_server(Kind.MYSQL).__enter__()


def test_a_server_of_the_environment_is_used_as_it_is(
    server_url: Callable[[Kind], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is started beside it."""
    url = server_url(Kind.MARIADB)
    monkeypatch.setenv(Kind.MARIADB.variable, url)
    before = psutil.Process().children()

    with provision.server(Kind.MARIADB) as found:
        assert found == url
        assert psutil.Process().children() == before


def test_a_server_of_the_environment_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever named it wants that one, not another; the message shows the variable and no password."""
    monkeypatch.setenv(Kind.MYSQL.variable, "mysql+pymysql://root:canary@127.0.0.1:1/")

    with pytest.raises(ServerError, match=r"BABYNAMES_TEST_MYSQL_URL is set.*Start it") as caught:
        provision.server(Kind.MYSQL).__enter__()

    assert "canary" not in str(caught.value)


def test_without_any_way_to_a_server_the_message_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Tests never go on without a server in silence."""
    monkeypatch.delenv(Kind.MYSQL.variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_SYSTEM_FOLDERS", ())

    with pytest.raises(ServerError, match=r"BABYNAMES_TEST_MYSQL_URL=mysql\+pymysql://.*brew install mysql.*Docker"):
        provision.server(Kind.MYSQL).__enter__()


@pytest.mark.parametrize(
    ("kind", "name", "says", "is_found"),
    [
        (Kind.MYSQL, "mysqld", "mysqld  Ver 9.7.4 for Linux on x86_64", True),
        (Kind.MARIADB, "mysqld", "mysqld  Ver 10.11.18-MariaDB for Linux", True),
        (Kind.MARIADB, "mariadbd", "mariadbd  Ver 11.8.2-MariaDB for Linux", True),
        (Kind.MYSQL, "mysqld", "mysqld  Ver 10.11.18-MariaDB for Linux", False),
        (Kind.MARIADB, "mysqld", "mysqld  Ver 9.7.4 for Linux on x86_64", False),
        (Kind.MYSQL, "mariadbd", "mariadbd  Ver 11.8.2-MariaDB for Linux", False),
    ],
)
def test_a_program_on_the_path_is_what_it_says_it_is(
    kind: Kind, name: str, says: str, is_found: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A ``mysqld`` may be MariaDB."""
    (tmp_path / "share" / "mysql" / "charsets").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    file = tmp_path / "bin" / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(programs, "_SYSTEM_FOLDERS", ())

    program = programs.find(kind)

    assert (program is not None) == is_found
    if program:
        assert (program.command, program.share) == ((str(file),), tmp_path / "share" / "mysql")


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads it learns the reason, and the data folder is gone."""
    program = programs.Program(Kind.MYSQL, ("/bin/sh", "-c", "echo no room on this ship; exit 3", "sh"), tmp_path)
    monkeypatch.delenv(Kind.MYSQL.variable, raising=False)
    monkeypatch.setattr(provision, "_find_program", lambda _kind, _downloads: program)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with pytest.raises(ServerError, match="no room on this ship"):
        provision.server(Kind.MYSQL).__enter__()

    wait_until(lambda: not list(tmp_path.glob("babynames-*")))


def test_a_download_that_is_finished_is_not_repeated(tmp_path: Path) -> None:
    """Neither apt nor dpkg is asked."""
    (tmp_path / "finished").touch()

    assert debian.unpack(debian.PACKAGES[Kind.MYSQL], tmp_path) == tmp_path / "root"


def test_a_download_that_failed_is_said_with_apts_own_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not taken for finished: the next run tries again."""
    tools = tmp_path / "bin"
    tools.mkdir()
    apt = tools / "apt-get"
    apt.write_text("#!/bin/sh\necho 'E: the mirror is on fire' >&2\nexit 100\n")
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")

    with pytest.raises(ServerError, match=r"(?s)apt-get .*exit code 100.*the mirror is on fire"):
        debian.unpack(debian.PACKAGES[Kind.MYSQL], tmp_path / "mysql")

    assert not (tmp_path / "mysql" / "finished").exists()


def test_a_docker_command_without_an_engine_is_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client alone runs no container."""
    command = tmp_path / "docker"
    command.write_text("#!/bin/sh\nexit 1\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("docker") == str(command)

    assert not docker.has_engine()


@pytest.mark.parametrize("kind", list(Kind))
def test_a_container_listens_on_the_loopback_interface_only(kind: Kind) -> None:
    """A server without a password must not be seen from outside."""
    [step] = docker.steps(kind, 33060)

    assert "127.0.0.1:33060:3306" in step.command
    assert docker.IMAGES[kind] in step.command


@pytest.mark.parametrize("kind", list(Kind))
def test_a_database_of_a_test_is_gone_after_it(kind: Kind, server_url: Callable[[Kind], str]) -> None:
    """Also when the test failed."""
    url = server_url(kind)

    with pytest.raises(KeyError), fresh_database(url) as database:
        raise KeyError(database)

    with sa.create_engine(url, poolclass=sa.NullPool).connect() as connection:
        names = set(connection.scalars(sa.text("SHOW DATABASES")))
    assert urlsplit(url).port
    assert not {name for name in names if name == database.rsplit("/", 1)[1]}
