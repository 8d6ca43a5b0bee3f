"""Tests of getting a browser for the tests."""

import os
from pathlib import Path

import pytest

from babynames_assets_tests.browser import chromium
from babynames_assets_tests.servers import debian
from babynames_assets_tests.servers.kinds import ServerError


def program(path: Path) -> Path:
    """A file that can be run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_browser_that_the_environment_names_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else is installed."""
    named = program(tmp_path / "my-chromium")
    monkeypatch.setenv(chromium.VARIABLE, str(named))

    assert chromium.find_chromium().program == named


def test_a_named_browser_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody takes another one in silence."""
    monkeypatch.setenv(chromium.VARIABLE, str(tmp_path / "nothing"))

    with pytest.raises(ServerError, match=chromium.VARIABLE):
        chromium.find_chromium()


def test_an_installed_browser_is_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By any of the names that it has on Debian, Ubuntu and elsewhere."""
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    installed = program(tmp_path / "google-chrome")
    monkeypatch.setenv("PATH", str(tmp_path))

    assert chromium.find_chromium(downloads=tmp_path).program == installed


def test_a_machine_without_a_browser_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests fail; they do not skip."""
    monkeypatch.delenv(chromium.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "_ON_MACOS", ())

    with pytest.raises(ServerError, match="Install Chromium or Chrome, or set"):
        chromium.find_chromium(downloads=tmp_path)


def test_an_unpacked_browser_brings_its_libraries_and_fonts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A finished download is used as it is; the browser's own folder is none of libraries for others."""
    folder = tmp_path / "chromium"
    binary = program(folder / "root/usr/lib/chromium/chromium")
    for library in ("usr/lib/chromium/libEGL.so", "usr/lib/machine/libnss3.so", "usr/lib/machine/nss/libsoftokn3.so"):
        program(folder / "root" / library)
    (folder / "finished").touch()

    root = debian.unpack(chromium.PACKAGE, folder)
    found = chromium.unpacked(root)

    assert found.program == binary
    libraries = found.environment["LD_LIBRARY_PATH"].split(os.pathsep)
    assert libraries == [str(root / "usr/lib/machine"), str(root / "usr/lib/machine/nss")]
    assert str(root / "usr/share/fonts") in Path(found.environment["FONTCONFIG_FILE"]).read_text()


def test_a_folder_without_the_browser_is_said(tmp_path: Path) -> None:
    """A download that was tampered with is made again by removing its folder."""
    with pytest.raises(ServerError, match="remove the folder"):
        chromium.unpacked(tmp_path / "root")
