"""Server programs on this machine: how each is called, given a data folder, and listens on loopback."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from babynames_assets_tests.servers import debian
from babynames_assets_tests.servers.kinds import Kind, ServerError

CACHE = Path(__file__).parents[2] / ".servers"
_NAMES = {Kind.MYSQL: ("mysqld",), Kind.MARIADB: ("mariadbd", "mysqld")}
_USER = "babynames"
_PASSWORD = "only-on-loopback"

# A crash of the machine may cost a test its data; a crash of the server may not.
_FAST = ["--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--innodb-buffer-pool-size=256M"]


@dataclass(frozen=True)
class Program:
    """A server program.

    Attributes:
        kind: which server it is.
        command: what its command line begins with.
        share: its messages, character sets and system tables.
    """

    kind: Kind
    command: tuple[str, ...]
    share: Path

    def initialise(self, folder: Path) -> None:
        """Make a data folder with the system tables.

        Raises:
            ServerError: the program failed; the message ends with what it said.
        """
        data = folder / "data"
        if self.kind is Kind.MYSQL:
            arguments, script = ["--initialize-insecure"], ""
        else:
            data.mkdir()
            files = ("mariadb_system_tables.sql", "mariadb_performance_tables.sql", "mariadb_system_tables_data.sql")
            old = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
            parts = [self._read(*names) for names in zip(files, old, strict=True)]
            script = "\n".join(["CREATE DATABASE mysql;", "USE mysql;", "SET @auth_root_socket = NULL;", *parts])
            arguments = ["--bootstrap"]
        command = [*self._start(data), *arguments]
        done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ServerError(f"{self.command[-1]} could not make its data folder:\n{_end(done.stderr or done.stdout)}")

    def serve(self, folder: Path, port: int) -> list[str]:
        """The command line that serves an initialised data folder on a port of loopback."""
        users = folder / "users.sql"
        users.write_text(
            f"CREATE USER IF NOT EXISTS '{_USER}'@'127.0.0.1' IDENTIFIED BY '{_PASSWORD}';\n"
            f"GRANT ALL PRIVILEGES ON *.* TO '{_USER}'@'127.0.0.1' WITH GRANT OPTION;\n",
            encoding="utf-8",
        )
        own = ["--mysqlx=OFF"] if self.kind is Kind.MYSQL else []
        return [
            *self._start(folder / "data"),
            f"--init-file={users}",
            "--bind-address=127.0.0.1",
            f"--port={port}",
            f"--socket={folder / 's'}",
            f"--pid-file={folder / 'pid'}",
            "--skip-name-resolve",
            "--max-connections=200",
            "--local-infile=1",
            f"--log-bin={folder / 'data' / 'binlog'}",
            "--server-id=1",
            *_FAST,
            *own,
        ]

    def _start(self, data: Path) -> list[str]:
        superuser = ["--user=root"] if os.geteuid() == 0 else []
        return [
            *self.command,
            "--no-defaults",
            f"--datadir={data}",
            f"--lc-messages-dir={self.share}",
            f"--character-sets-dir={self.share / 'charsets'}",
            *superuser,
        ]

    def _read(self, *names: str) -> str:
        for name in names:
            if (self.share / name).is_file():
                return (self.share / name).read_text(encoding="utf-8")
        raise ServerError(f"{self.share} has none of {', '.join(names)}: is this MariaDB's installation complete?")


def url(port: int) -> str:
    """Where a server that this module started is reached; a database's name may be appended."""
    return f"mysql+pymysql://{_USER}:{_PASSWORD}@127.0.0.1:{port}/"


def on_path(kind: Kind) -> Program | None:
    """The server that is installed on this machine, if any. ``mysqld`` may be MariaDB's: its version tells."""
    directories = [*os.environ.get("PATH", "").split(os.pathsep), "/usr/sbin", "/usr/local/sbin"]
    for name in _NAMES[kind]:
        found = shutil.which(name, path=os.pathsep.join(directories))
        if found is None:
            continue
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if ("mariadb" in version.lower()) == (kind is Kind.MARIADB):
            program = Path(found).resolve()
            return Program(kind, (str(program),), _share(program.parents[1], kind))
    return None


def from_debian(kind: Kind) -> Program | None:
    """The server from Debian's packages; None where this is not Debian."""
    if not debian.is_debian():
        return None
    root = debian.unpack(kind, CACHE / kind)
    loader = next(root.glob("usr/lib/*/ld-linux-*.so.*"), None) or next(root.glob("usr/lib/ld-linux-*.so.*"))
    program = next(root / "usr/sbin" / name for name in _NAMES[kind] if (root / "usr/sbin" / name).exists())
    libraries = ":".join(sorted({str(library.parent) for library in root.glob("usr/lib/**/*.so.*")}))
    return Program(kind, (str(loader), "--library-path", libraries, str(program)), _share(root / "usr", kind))


def _share(prefix: Path, kind: Kind) -> Path:
    for folder in (f"share/{kind}", "share/mysql"):
        if (prefix / folder / "charsets").is_dir():
            return prefix / folder
    raise ServerError(f"{prefix}/share has no folder of {kind} with its character sets: is the installation complete?")


def _end(text: str) -> str:
    return "\n".join(text.splitlines()[-15:])
