"""Programs from Debian's packages, unpacked into a folder of their own without root.

The machine's own packages stay as they are: a program brings every library with it, the C library and its loader too.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from babynames_assets_tests.servers.kinds import Kind, ServerError

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Package:
    """Where Debian has a program.

    Attributes:
        release: Debian's; None for the machine's own.
        name: of the package; of a server, that which holds the server and no set-up of a machine.
        left_out: names of packages that stay packed, because the machine's own have to do.
    """

    release: str | None
    name: str
    left_out: tuple[str, ...] = ()


PACKAGES = {Kind.MYSQL: Package("sid", "mysql-server-core"), Kind.MARIADB: Package("bookworm", "mariadb-server-core")}


def is_debian() -> bool:
    """Whether this is Debian, with the two tools that fetch and unpack a package."""
    release = Path("/etc/os-release")
    lines = release.read_text(encoding="utf-8").splitlines() if release.is_file() else []
    return "ID=debian" in lines and shutil.which("apt-get") is not None and shutil.which("dpkg") is not None


def unpack(package: Package, folder: Path) -> Path:
    """Get a package with all that it needs and unpack it; what an earlier call finished is used again.

    Args:
        package: what to get.
        folder: where the packages, and what is in them, are kept.

    Returns:
        The folder that stands for ``/``.

    Raises:
        ServerError: apt or dpkg failed; the message ends with what it said.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second test run waits for the first one's download
        if not (folder / "finished").is_file():
            _fetch(package, folder)
            (folder / "finished").touch()
    return folder / "root"


def _fetch(package: Package, folder: Path) -> None:
    release = package.release or _codename()
    sys.stderr.write(f"\nGetting {package.name} from Debian {release} into {folder}: once, a minute or so ...\n")
    options = _apt_options(folder, release)
    _run(["apt-get", *options, "update"])
    _run(["apt-get", *options, "--download-only", "--yes", "install", package.name])
    shutil.rmtree(folder / "root", ignore_errors=True)
    for archive in sorted((folder / "cache" / "archives").glob("*.deb")):
        if archive.name.partition("_")[0] not in package.left_out:
            _run(["dpkg", "-x", str(archive), str(folder / "root")])
    shutil.rmtree(folder / "cache")


def _apt_options(folder: Path, release: str) -> list[str]:
    """A world of its own for apt, in which nothing is installed; proxies and the like stay the machine's."""
    for inner in ("state/lists/partial", "cache/archives/partial"):
        (folder / inner).mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    signed_by = f"[signed-by={_KEYRING}] " if _KEYRING.is_file() else ""
    (folder / "sources.list").write_text(f"deb {signed_by}{_mirror()} {release} main\n", encoding="utf-8")
    values = {
        "Dir::State": folder / "state",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "APT::Install-Recommends": "false",
        "APT::Get::AllowUnauthenticated": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
        "Debug::NoLocking": "true",
    }
    if os.geteuid() == 0:
        values["APT::Sandbox::User"] = "root"  # the user _apt may not enter the folder
    return [part for name, value in values.items() for part in ("-o", f"{name}={value}")]


def _mirror() -> str:
    """The address from which this machine gets Debian itself."""
    listed = _run(["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Created-By: Packages"])
    codename = _codename()
    for line in listed.splitlines():
        release, address = line.split(" ", 1)
        if release == codename:
            return address
    raise ServerError(f"apt knows no address for Debian {codename}: add one to /etc/apt/sources.list.")


def _codename() -> str:
    lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    values = dict(line.split("=", 1) for line in lines if "=" in line)
    return values.get("VERSION_CODENAME", "sid")


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).splitlines()[-15:])
        raise ServerError(f"{' '.join(command[:1] + command[-2:])} failed with exit code {done.returncode}:\n{said}")
    return done.stdout
