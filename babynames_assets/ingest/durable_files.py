"""Files that are either whole or absent after a crash or a power cut."""

import errno
import hashlib
import os
from pathlib import Path
from typing import Protocol

from babynames_assets.errors import FatalError

CHUNK_BYTES = 2**18


class SupportsWrite(Protocol):
    """An unbuffered file."""

    def write(self, content: memoryview, /) -> int:
        """Write from the beginning of ``content``; returns how many bytes were taken."""


def write_durably(target: Path, content: bytes) -> None:
    """Write a small file: another reader sees the old content or the new one, never a part."""
    partial = target.with_name(target.name + ".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    replace_durably(partial, target)


def replace_durably(source: Path, target: Path) -> None:
    """Give a file, already synced to disk, its final name."""
    source.replace(target)
    # The rename itself lives in the folder, which has to reach the disk too.
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_all(file: SupportsWrite, content: bytes) -> None:
    """Write to an unbuffered file, which may take less than all of it at once.

    Raises:
        FatalError: the disk is full.
    """
    rest = memoryview(content)
    try:
        while rest:
            rest = rest[file.write(rest) :]
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise FatalError("The disk is full. Make room, or move BABYNAMES_STATE_FOLDER to a larger disk.") from error


def digest_of(path: Path, algorithm: str = "sha256") -> str:
    """Hexadecimal digest of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
