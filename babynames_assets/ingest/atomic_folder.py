"""Folders that appear whole or not at all, also when two processes make the same one."""

import errno
import glob
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ABANDONED_AFTER = 24 * 60 * 60.0
"""Seconds without a change after which a half-made folder belongs to nobody."""


@contextmanager
def atomic_folder(target: Path, *, is_current: Callable[[Path], bool]) -> Iterator[Path]:
    """Give a new folder beside the target, which takes the target's place when the block ends without an error.

    Args:
        target: the folder to make or to replace.
        is_current: whether a folder that another process has put there in the meantime is as good as this one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(target)
    folder = _sibling(target, "partial")
    folder.mkdir()
    try:
        yield folder
        _put_in_place(folder, target, is_current)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, target: Path, is_current: Callable[[Path], bool]) -> None:
    while True:
        try:
            folder.rename(target)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            if is_current(target):
                return
            _remove(target)
        else:
            return


def _remove(target: Path) -> None:
    """Take the folder away in one step; another process may have done so already."""
    outdated = _sibling(target, "outdated")
    with suppress(FileNotFoundError):
        target.rename(outdated)
    shutil.rmtree(outdated, ignore_errors=True)


def _remove_abandoned(target: Path) -> None:
    """Remove what processes that were killed have left; a living one has written to its folder since."""
    for kind in ("partial", "outdated"):
        for folder in target.parent.glob(f".{glob.escape(target.name)}.*.{kind}"):
            with suppress(FileNotFoundError):
                if time.time() - folder.stat().st_mtime > ABANDONED_AFTER:
                    shutil.rmtree(folder, ignore_errors=True)


def _sibling(target: Path, kind: str) -> Path:
    return target.with_name(f".{target.name}.{uuid.uuid4().hex}.{kind}")
