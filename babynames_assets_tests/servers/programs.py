"""The program of a database server: where it is, how it is prepared, and with which options it runs."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from babynames_assets_tests.servers.kinds import Kind, ServerError

_NAMES = {Kind.MYSQL: ("mysqld",), Kind.MARIADB: ("mariadbd", "mysqld")}
_SYSTEM_FOLDERS = ("/usr/sbin", "/usr/local/sbin")

_OPTIONS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--local-infile=1",
    "--max-connections=200",
    "--secure-file-priv=",
)
# A crash may cost a test run its database: it is thrown away anyway.
_HASTY_OPTIONS = (
    "--performance-schema=OFF",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--sync-binlog=0",
)
# The prepared user is root@localhost, which is not the loopback address to a server that resolves no names.
_USERS = """CREATE USER IF NOT EXISTS root@'127.0.0.1';
GRANT ALL PRIVILEGES ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
"""


@dataclass(frozen=True)
class Step:
    """A command, and the file that it reads as standard input."""

    command: list[str]
    input: Path | None = None


@dataclass(frozen=True)
class Program:
    """A server's program.

    Attributes:
        kind: what it is.
        command: how it is called, without options; longer than one word when it brings its own loader.
        share: its folder of messages, character sets and, for MariaDB, the system tables as SQL.
        options: what this copy of it needs besides.
    """

    kind: Kind
    command: tuple[str, ...]
    share: Path
    options: tuple[str, ...] = ()

    def steps(self, folder: Path, port: int, *, durable: bool = False) -> list[Step]:
        """The commands that prepare a data folder and then run the server on it.

        Args:
            folder: where its data, its socket and its log are.
            port: of the loopback interface.
            durable: as the server ships: a commit is on the disk. Else it is in a hurry, and a crash loses data.
        """
        users = folder / "users.sql"
        users.write_text(_USERS, encoding="utf-8")
        base = [*self.command, "--no-defaults", f"--datadir={folder / 'data'}", f"--lc-messages-dir={self.share}"]
        base += [f"--character-sets-dir={self.share / 'charsets'}", *self.options]
        if os.geteuid() == 0:
            base.append("--user=root")
        serve = [*base, *_OPTIONS, f"--port={port}", f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}"]
        serve += [f"--init-file={users}", *(() if durable else _HASTY_OPTIONS)]
        if self.kind is Kind.MYSQL:
            return [Step([*base, "--initialize-insecure"]), Step([*serve, "--mysqlx=OFF"])]
        return [Step([*base, "--bootstrap"], _write_system_tables(self.share, folder)), Step(serve)]


def find(kind: Kind) -> Program | None:
    """The server on the PATH. A ``mysqld`` may be MariaDB: what it says of itself counts."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS])
    for name in _NAMES[kind]:
        file = shutil.which(name, path=path)
        if file and _is(kind, file):
            return Program(kind, (file,), _share(Path(file).resolve().parents[1]))
    return None


def unpacked(kind: Kind, root: Path) -> Program:
    """The server in a folder of unpacked Debian packages, which has its own loader and libraries."""
    loader = next(root.glob("**/ld-linux-*.so.*"), None)
    if loader is None:
        raise ServerError(f"{root} holds no loader: remove the folder {root.parent}, it is made again.")
    libraries = sorted({str(file.parent) for file in root.glob("**/lib*.so.*") if "plugin" not in file.parts})
    name = next(name for name in _NAMES[kind] if (root / "usr/sbin" / name).is_file())
    command = (str(loader), "--library-path", os.pathsep.join(libraries), str(root / "usr/sbin" / name))
    options = (f"--basedir={root / 'usr'}", f"--plugin-dir={root / 'usr/lib/mysql/plugin'}")
    return Program(kind, command, _share(root / "usr"), options)


def _is(kind: Kind, file: str) -> bool:
    command = [file, "--no-defaults", "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return bool(said) and ("mariadb" in said.lower()) == (kind is Kind.MARIADB)


def _share(base: Path) -> Path:
    for share in (base / "share/mysql", base / "share/mariadb", base / "share"):
        if (share / "charsets").is_dir():
            return share
    raise ServerError(f"{base} holds a database server, but no folder share/mysql with its character sets.")


def _write_system_tables(share: Path, folder: Path) -> Path:
    """What mariadb-install-db runs: a user root without password, on the loopback interface only."""
    (folder / "data").mkdir()
    names = ("mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql")
    parts = ["CREATE DATABASE IF NOT EXISTS mysql;", "USE mysql;", "SET @auth_root_socket=NULL;"]
    for name in names:
        newer = share / name.replace("mysql", "mariadb", 1)  # MariaDB 11 renamed them
        parts.append((newer if newer.is_file() else share / name).read_text(encoding="utf-8"))
    script = folder / "system_tables.sql"
    script.write_text("\n".join(parts), encoding="utf-8")
    return script
