"""Unpacks the one table out of an archive that nobody vouches for.

Nothing is written outside the target folder, and after a refusal nothing stays in it. Declared sizes are checked before
the first byte is unpacked and again while the bytes come out.
"""

import gzip
import hashlib
import os
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import structlog

from babynames_assets.errors import SourceError
from babynames_assets.ingest.durable_files import CHUNK_BYTES, replace_durably, write_all
from babynames_assets.ingest.file_kinds import HEAD_BYTES, kind_of
from babynames_assets.ingest.members import choose_member

# Below this size a file does no harm, however well it was compressed.
HARMLESS_BYTES = 2**20

_DAMAGE = (zipfile.BadZipFile, zlib.error, gzip.BadGzipFile, EOFError, UnicodeDecodeError)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Unpacked:
    """A table that was unpacked.

    Attributes:
        path: where it is.
        member: its name in the archive, or the file's own name for one that is no archive.
        bytes: its length.
        sha256: its digest.
    """

    path: Path
    member: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class UnpackLimits:
    """What may come out of an archive.

    Attributes:
        max_bytes: the largest table.
        max_ratio: how many times larger than its archive it may be.
    """

    max_bytes: int
    max_ratio: float


def unpack_csv(archive: Path, target_folder: Path, *, member: str | None, max_bytes: int, max_ratio: float) -> Unpacked:
    """Unpack the table of a .zip or .csv.gz, or copy a .csv or .txt; what the file is, its first bytes decide.

    Args:
        archive: the file.
        target_folder: where the table goes; created if needed.
        member: name of the member to take; None when there is only one.
        max_bytes: a larger table is refused.
        max_ratio: a table that is larger than the archive by this factor is refused.

    Raises:
        SourceError: the archive is damaged or unsafe, or does not say which table is meant.
    """
    limits = UnpackLimits(max_bytes, max_ratio)
    with archive.open("rb") as file:
        kind = kind_of(file.read(HEAD_BYTES), archive.name)
        file.seek(0)
        with _damage_explained(archive.name):
            if kind == "zip":
                unpacked = _unpack_zip(file, archive, target_folder, member, limits)
            elif kind == "gzip":
                name = archive.name.removesuffix(".gz")
                with gzip.open(file) as stream:
                    unpacked = _store(stream, name, target_folder, _ceiling(archive, limits))
            else:
                _require_no_archive_name(archive.name)
                unpacked = _store(file, archive.name, target_folder, _Ceiling(max_bytes, "the largest table"))
    _log.info("table_unpacked", archive=archive.name, member=unpacked.member, bytes=unpacked.bytes)
    return unpacked


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


@dataclass(frozen=True)
class _Ceiling:
    """The most bytes that may come out, and the rule that says so."""

    bytes: int
    rule: str

    def check(self, size: int, name: str) -> None:
        if size > self.bytes:
            raise SourceError(
                f"{name} unpacks to more than {self.bytes} bytes, the most that is allowed ({self.rule}). "
                "If the file is trusted, raise BABYNAMES_KAGGLE__MAX_UNPACKED_BYTES "
                "or BABYNAMES_KAGGLE__MAX_UNPACK_RATIO."
            )


def _ceiling(archive: Path, limits: UnpackLimits) -> _Ceiling:
    by_ratio = max(int(archive.stat().st_size * limits.max_ratio), HARMLESS_BYTES)
    if by_ratio < limits.max_bytes:
        return _Ceiling(by_ratio, f"{limits.max_ratio:g} times the archive's size")
    return _Ceiling(limits.max_bytes, "the largest table")


def _unpack_zip(
    file: BinaryIO, archive: Path, target_folder: Path, wanted: str | None, limits: UnpackLimits
) -> Unpacked:
    with zipfile.ZipFile(file) as opened:
        chosen = choose_member(opened.infolist(), wanted, archive.name)
        ceiling = _ceiling(archive, limits)
        ceiling.check(chosen.file_size, chosen.filename)
        with opened.open(chosen) as stream:
            unpacked = _store(stream, chosen.filename, target_folder, ceiling)
    return unpacked


@contextmanager
def _damage_explained(name: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        detail = str(error) or type(error).__name__
        raise SourceError(f"{name} is damaged or cut short ({detail}). Get the file again from its source.") from error
    except NotImplementedError as error:
        raise SourceError(
            f"{name} cannot be unpacked ({error}). Pack it again, without a password, with the usual deflate method."
        ) from error


def _store(stream: _Readable, member: str, target_folder: Path, ceiling: _Ceiling) -> Unpacked:
    """Copy a stream to a file of its member's name, which appears only when all of it is there."""
    target_folder.mkdir(parents=True, exist_ok=True)
    target = target_folder / _safe_name(member)
    partial = target.with_name(target.name + ".partial")
    try:
        size, digest = _copy(stream, partial, member, ceiling)
        replace_durably(partial, target)
    finally:
        partial.unlink(missing_ok=True)
    return Unpacked(target, member, size, digest)


def _copy(stream: _Readable, partial: Path, member: str, ceiling: _Ceiling) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    with partial.open("wb", buffering=0) as file:
        while chunk := stream.read(CHUNK_BYTES):
            if size == 0:
                _require_table(chunk[:HEAD_BYTES], member)
            size += len(chunk)
            ceiling.check(size, member)
            digest.update(chunk)
            write_all(file, chunk)
        os.fsync(file.fileno())
    if size == 0:
        raise SourceError(f"{member} is empty. Get the file again from its source.")
    return size, digest.hexdigest()


def _require_table(head: bytes, member: str) -> None:
    if kind_of(head, member) != "text":
        raise SourceError(f"{member} is an archive inside the archive. Unpack it once and use what is inside.")


def _require_no_archive_name(name: str) -> None:
    # An archive whose first bytes are damaged looks like text, and would become a table of garbage.
    if name.lower().endswith((".zip", ".gz")):
        raise SourceError(f"{name} does not begin as its name says: it is damaged. Get the file again from its source.")


def _safe_name(member: str) -> str:
    """The member's last part with nothing but letters, digits, dots, dashes and underscores, and no dot in front."""
    name = re.split(r"[/\\]", member)[-1]
    return re.sub(r"[^\w.-]", "_", name).lstrip(".")[-100:] or "table.csv"
