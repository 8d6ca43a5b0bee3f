"""Tests of files that are whole or absent."""

import errno
import hashlib
from pathlib import Path

import pytest

from babynames_assets.errors import FatalError
from babynames_assets.ingest.durable_files import digest_of, write_all, write_durably


class _SlowDisk:
    """Takes three bytes at a time."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, content: memoryview, /) -> int:
        self.content += content[:3]
        return len(content[:3])


class _BrokenDisk:
    """Refuses every write."""

    def __init__(self, number: int) -> None:
        self._number = number

    def write(self, _content: memoryview, /) -> int:
        raise OSError(self._number, "refused")


def test_a_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    """The new content stands under the name, and no draft is left."""
    target = tmp_path / "current.json"

    write_durably(target, b"one")
    write_durably(target, b"two")

    assert target.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [target]


def test_all_bytes_are_written_even_if_the_disk_takes_few_at_once() -> None:
    """A short write is continued."""
    disk = _SlowDisk()

    write_all(disk, b"0123456789")

    assert disk.content == b"0123456789"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_says_what_to_do(number: int) -> None:
    """A full disk or quota is fatal and names the setting that helps."""
    with pytest.raises(FatalError, match=r"disk is full.*BABYNAMES_STATE_FOLDER"):
        write_all(_BrokenDisk(number), b"x")


def test_another_refusal_of_the_disk_stays_what_it_is() -> None:
    """An input/output error is not called a full disk."""
    with pytest.raises(OSError, match="refused"):
        write_all(_BrokenDisk(errno.EIO), b"x")


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    """SHA-256 by default, another algorithm on request."""
    path = tmp_path / "file"
    path.write_bytes(b"content")

    assert digest_of(path) == hashlib.sha256(b"content").hexdigest()
    assert digest_of(path, "md5") == hashlib.md5(b"content", usedforsecurity=False).hexdigest()
