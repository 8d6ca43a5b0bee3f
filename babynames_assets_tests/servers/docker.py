"""A database server in a container, for machines that have neither the program nor Debian's packages."""

import shutil
import subprocess
import uuid

from babynames_assets_tests.servers.kinds import Kind
from babynames_assets_tests.servers.programs import Step

IMAGES = {Kind.MYSQL: "mysql:9.7", Kind.MARIADB: "mariadb:10.11"}


def has_engine() -> bool:
    """Whether the ``docker`` command is here and an engine answers it."""
    program = shutil.which("docker")
    if program is None:
        return False
    asked = subprocess.run([program, "version", "--format", "{{.Server.Version}}"], capture_output=True, check=False)
    return asked.returncode == 0


def steps(kind: Kind, port: int, *, durable: bool = False) -> list[Step]:
    """The command that runs a server in a container, which goes when the command is stopped.

    Args:
        kind: which server.
        port: of the loopback interface.
        durable: as the server ships, its data on a disk. Else they are in memory.
    """
    command = ["docker", "run", "--rm", "--name", f"babynames-{kind}-{uuid.uuid4().hex[:8]}"]
    command += ["--publish", f"127.0.0.1:{port}:3306", *([] if durable else ["--tmpfs", "/var/lib/mysql"])]
    command += ["--env", f"{kind.name}_ALLOW_EMPTY_{'ROOT_' if kind is Kind.MARIADB else ''}PASSWORD=yes"]
    command += [IMAGES[kind], "--local-infile=1", "--max-connections=200"]
    return [Step(command if durable else [*command, "--innodb-flush-log-at-trx-commit=0"])]
