"""Gets a Chromium for the tests, one way or another, and never goes on without one in silence.

Unpacked from Debian's packages, it brings every library but the C library: it starts itself again for each of its
processes, so a loader of its own would be in the way.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from babynames_assets_tests.servers import debian
from babynames_assets_tests.servers.kinds import ServerError
from babynames_assets_tests.servers.provision import DOWNLOADS

VARIABLE = "BABYNAMES_TEST_CHROMIUM"
"""The environment variable that may name the program."""

PACKAGE = debian.Package(release=None, name="chromium", left_out=("libc6",))

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ON_MACOS = (
    Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)


@dataclass(frozen=True)
class Chromium:
    """A browser's program, and what it needs in its environment beside the test run's own."""

    program: Path
    environment: Mapping[str, str] = field(default_factory=dict)


def find_chromium(*, downloads: Path = DOWNLOADS) -> Chromium:
    """The browser that the environment names, else one of this machine, else Debian's, unpacked without root.

    Args:
        downloads: where Debian's packages are kept.

    Raises:
        ServerError: there is no way to a browser on this machine; the message says what to do.
    """
    if named := os.environ.get(VARIABLE):
        if os.access(named, os.X_OK):
            return Chromium(Path(named))
        raise ServerError(f"{VARIABLE}={named} is no program. Name Chromium's or Chrome's, or unset the variable.")
    if program := _installed():
        return Chromium(program)
    if debian.is_debian():
        return unpacked(debian.unpack(PACKAGE, downloads / "chromium"))
    raise ServerError(
        f"The tests of Dagster's UI need Chromium, and there is none: {VARIABLE} is not set, none of "
        f"{', '.join(_NAMES)} is on the PATH, and this is not Debian with apt-get and dpkg. Install Chromium or "
        f"Chrome, or set {VARIABLE}=/path/to/it."
    )


def unpacked(root: Path) -> Chromium:
    """The browser in a folder of unpacked Debian packages."""
    program = root / "usr/lib/chromium/chromium"
    if not program.is_file():
        raise ServerError(f"{root} holds no Chromium: remove the folder {root.parent}, it is made again.")
    libraries = sorted({str(file.parent) for file in root.glob("**/lib*.so*") if file.parent != program.parent})
    return Chromium(
        program,
        {"LD_LIBRARY_PATH": os.pathsep.join(libraries), "FONTCONFIG_FILE": str(_write_font_settings(root))},
    )


def _installed() -> Path | None:
    found = [Path(file) for name in _NAMES if (file := shutil.which(name))]
    return next((file for file in (*found, *_ON_MACOS) if file.is_file()), None)


def _write_font_settings(root: Path) -> Path:
    """The package's own speak of folders of the machine, which may have no font at all."""
    file = root / "fonts.conf"
    text = (
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
        f"<fontconfig><dir>{root / 'usr/share/fonts'}</dir><cachedir>{root / 'var/cache/fontconfig'}</cachedir>\n"
        f"<include>{root / 'etc/fonts/conf.d'}</include></fontconfig>\n"
    )
    if not file.is_file() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    return file
