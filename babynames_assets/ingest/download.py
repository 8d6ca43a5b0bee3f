"""Streams a file to disk until it is proved whole; a cut connection resumes where it stopped.

The bytes go to ``<target>.partial`` and get their name only after length, digest and first bytes are right. A crash
leaves the partial with a note of the ETag that it belongs to: the next run asks for the rest under that ETag, and
starts afresh when the server says that the file has changed.
"""

import os
import random
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

import requests
import structlog
import urllib3

from babynames_assets.errors import FatalError, RetryableError, SourceError
from babynames_assets.ingest.durable_files import digest_of, replace_durably, write_all
from babynames_assets.ingest.file_kinds import HEAD_BYTES, kind_of
from babynames_assets.ingest.partial_file import PartialFile
from babynames_assets.ingest.transfer import Transfer, transfer_of

READ_BYTES = 2**18
FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0

_log = structlog.get_logger(__name__)


class OpenAt(Protocol):
    """Opens the file at an offset, on a link of its own each time."""

    def __call__(self, *, offset: int, etag: str | None) -> requests.Response:
        """A streamed answer with status 200, 206 or 416."""


@dataclass(frozen=True)
class DownloadLimits:
    """What a download may take.

    Attributes:
        max_bytes: a longer file is refused.
        barren_tries: tries in a row that bring no new byte before it gives up.
        seconds: how long all tries together may take.
        spare_bytes: disk space that must stay free.
    """

    max_bytes: int
    barren_tries: int = 5
    seconds: float = 6 * 3600
    spare_bytes: int = 64 * 2**20


@dataclass(frozen=True)
class Downloaded:
    """A file that arrived whole.

    Attributes:
        path: where it is.
        bytes: its length.
        sha256: its digest, read back from the disk.
        resumes: how often the transfer went on from the middle.
    """

    path: Path
    bytes: int
    sha256: str
    resumes: int


def download(
    open_at: OpenAt,
    target: Path,
    *,
    limits: DownloadLimits,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    rng: random.Random | None = None,
) -> Downloaded:
    """Download one file to ``target``. Only one process at a time may do so.

    Raises:
        RetryableError: it did not arrive within the limits; what did is kept for the next run.
        FatalError: another try cannot succeed (no access, too large, disk full).
    """
    attempt = _Download(open_at, target, limits, clock, clock() + limits.seconds)
    waits = rng or random.Random()  # noqa: S311 - spreads waits, guards nothing
    barren, most = 0, attempt.partial.length
    while True:
        try:
            return attempt.run()
        except RetryableError as error:
            barren = 0 if attempt.partial.length > most else barren + 1
            most = max(most, attempt.partial.length)
            wait = _wait(error, barren, waits)
            _log.warning("download_interrupted", target=target.name, held=attempt.partial.length, error=str(error))
            if barren >= limits.barren_tries or clock() + wait > attempt.deadline:
                raise RetryableError(
                    f"{target.name} did not arrive ({attempt.partial.length} bytes did, {barren} tries in a row "
                    f"brought none): {error} The next run goes on from there.",
                    retry_after=error.retry_after,
                ) from error
        sleep(wait)


class _Download:
    """One target, its partial file, and the count of resumes over all tries."""

    def __init__(
        self, open_at: OpenAt, target: Path, limits: DownloadLimits, clock: Callable[[], float], deadline: float
    ) -> None:
        self.partial = PartialFile(target)
        self.deadline = deadline
        self._open_at = open_at
        self._target = target
        self._limits = limits
        self._clock = clock
        self._resumes = 0

    def run(self) -> Downloaded:
        """One try, from what is held to the end of the file."""
        offset, etag = self.partial.resume_point()
        with self._open_at(offset=offset, etag=etag) as response:
            transfer = self._accepted(response, offset)
            self._check_room(transfer)
            with self.partial.opened(transfer) as file:
                self._copy(response, file, transfer)
        return self._finish(transfer)

    def _accepted(self, response: requests.Response, offset: int) -> Transfer:
        """What the answer will bring; discards the partial file when the answer does not continue it."""
        transfer = transfer_of(response)
        if transfer.start not in {0, offset} or (transfer.start and not self.partial.continues(transfer)):
            self.partial.discard()
            raise RetryableError("The server sent a part that does not continue what is held; starting afresh.")
        if transfer.start:
            self._resumes += 1
            _log.info("download_resumed", target=self._target.name, offset=offset)
        return transfer

    def _check_room(self, transfer: Transfer) -> None:
        if transfer.total is None:
            return
        self._check_size(transfer.total)
        needed = transfer.total - transfer.start + self._limits.spare_bytes
        free = shutil.disk_usage(self._target.parent).free
        if needed > free:
            raise FatalError(
                f"{self._target.name} needs {needed} bytes of disk space in {self._target.parent} (some stays spare); "
                f"{free} are free. Make room, or move BABYNAMES_STATE_FOLDER to a larger disk."
            )

    def _check_size(self, size: int) -> None:
        if size > self._limits.max_bytes:
            self.partial.discard()
            raise FatalError(
                f"{self._target.name} has {size} bytes or more; {self._limits.max_bytes} are allowed. "
                "If the dataset has really grown so much, raise BABYNAMES_KAGGLE__MAX_ARCHIVE_BYTES."
            )

    def _copy(self, response: requests.Response, file: BinaryIO, transfer: Transfer) -> None:
        held = transfer.start
        try:
            while chunk := response.raw.read1(READ_BYTES):
                held += len(chunk)
                self._check_size(held)
                write_all(file, chunk)
                if self._clock() > self.deadline:
                    raise RetryableError(f"{self._limits.seconds:g} seconds were not enough.")
        except urllib3.exceptions.HTTPError as error:
            # Its text may name the link, so only its kind is told.
            raise RetryableError(f"The connection broke after {held} bytes ({type(error).__name__}).") from None
        os.fsync(file.fileno())

    def _finish(self, transfer: Transfer) -> Downloaded:
        """Name the file, if every proof holds."""
        path, length = self.partial.path, self.partial.length
        if transfer.total is not None and length < transfer.total:
            raise RetryableError(f"The connection ended after {length} of {transfer.total} bytes.")
        problem = _flaw(path, length, transfer)
        if problem is not None:
            self.partial.discard()
            raise RetryableError(problem)
        digest = digest_of(path)
        replace_durably(path, self._target)
        self.partial.discard()
        _log.info("download_finished", target=self._target.name, bytes=length, sha256=digest, resumes=self._resumes)
        return Downloaded(self._target, length, digest, self._resumes)


def _flaw(path: Path, length: int, transfer: Transfer) -> str | None:
    """Why a file that seems complete is not the one that was asked for."""
    if transfer.total is not None and length > transfer.total:
        return f"{length} bytes arrived where {transfer.total} were announced."
    if transfer.md5 is not None and digest_of(path, "md5") != transfer.md5:
        return "The bytes that arrived do not have the MD5 digest that the storage announced."
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    try:
        kind = kind_of(head, "The answer")
    except SourceError as error:
        return str(error)
    if kind == "text" and transfer.total is None and transfer.md5 is None:
        return "The server announced neither a length nor a digest, so a text file cannot be proved whole."
    return None


def _wait(error: RetryableError, barren: int, rng: random.Random) -> float:
    """Seconds before the next try: what the server asked for, else doubling with full jitter."""
    if error.retry_after is not None:
        return error.retry_after
    return rng.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**barren))
