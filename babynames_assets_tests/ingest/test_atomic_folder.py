"""A folder appears whole or not at all."""

import os
from pathlib import Path

import pytest

from babynames_assets.ingest.atomic_folder import ABANDONED_AFTER, atomic_folder


def names(folder: Path) -> list[str]:
    """What a folder holds."""
    return sorted(path.name for path in folder.iterdir())


def make(target: Path, content: str, *, keeps_other: bool = False) -> None:
    """Make a folder with one file."""
    with atomic_folder(target, is_current=lambda _: keeps_other) as folder:
        (folder / "file").write_text(content)


def make_half(target: Path) -> None:
    """Fail while making a folder."""
    with atomic_folder(target, is_current=bool) as folder:
        (folder / "file").write_text(str(1 / 0))


def test_the_folder_appears_with_its_content(tmp_path: Path) -> None:
    """Folders above are made, and nothing else stays."""
    make(tmp_path / "above" / "target", "new")
    assert (tmp_path / "above" / "target" / "file").read_text() == "new"
    assert names(tmp_path / "above") == ["target"]


def test_an_error_leaves_what_was_there(tmp_path: Path) -> None:
    """The old folder stays, the half-made one goes."""
    make(tmp_path / "target", "old")
    with pytest.raises(ZeroDivisionError):
        make_half(tmp_path / "target")
    assert (tmp_path / "target" / "file").read_text() == "old"
    assert names(tmp_path) == ["target"]


def test_an_outdated_folder_is_replaced(tmp_path: Path) -> None:
    """Nothing of the old one stays."""
    make(tmp_path / "target", "old")
    (tmp_path / "target" / "more").write_text("old")
    make(tmp_path / "target", "new")
    assert (tmp_path / "target" / "file").read_text() == "new"
    assert (names(tmp_path), names(tmp_path / "target")) == (["target"], ["file"])


def test_an_equally_good_folder_of_another_process_stays(tmp_path: Path) -> None:
    """Who comes second leaves the folder alone that others may be reading."""
    make(tmp_path / "target", "first")
    make(tmp_path / "target", "second", keeps_other=True)
    assert (tmp_path / "target" / "file").read_text() == "first"
    assert names(tmp_path) == ["target"]


def test_a_folder_that_another_process_takes_away_in_between_is_no_error(tmp_path: Path) -> None:
    """The new folder then simply takes the free place."""
    target = tmp_path / "target"
    make(target, "old")

    def taken_away(folder: Path) -> bool:
        folder.rename(tmp_path / "elsewhere")
        return False

    with atomic_folder(target, is_current=taken_away) as folder:
        (folder / "file").write_text("new")
    assert (target / "file").read_text() == "new"


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    """What is no folder is not replaced."""
    (tmp_path / "target").write_text("a file")
    with pytest.raises(NotADirectoryError):
        make(tmp_path / "target", "new")
    assert (tmp_path / "target").read_text() == "a file"


def test_what_killed_processes_left_is_removed_after_a_day(tmp_path: Path) -> None:
    """Younger folders may belong to a living process, and those of other targets to somebody else."""
    for name in (".target.0.partial", ".target.1.outdated", ".target.2.partial", ".other.3.partial"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("half")
        if name != ".target.2.partial":
            made = (tmp_path / name).stat().st_mtime - ABANDONED_AFTER - 60
            os.utime(tmp_path / name, (made, made))
    make(tmp_path / "target", "new")
    assert names(tmp_path) == [".other.3.partial", ".target.2.partial", "target"]
