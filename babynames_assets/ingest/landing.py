"""Finds the file that somebody dropped into the landing folder, and makes sure that it is not still being copied."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from babynames_assets.errors import RetryableError, SourceError
from babynames_assets.ingest.durable_files import digest_of

SUFFIXES = (".zip", ".csv", ".txt", ".csv.gz")
# A file that changed less than this ago is looked at twice, with a pause between.
SETTLING_SECONDS = 2.0
# A damaged file that is younger than this is probably a copy under way.
COPYING_SECONDS = 60.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class LandedFile:
    """A file in the landing folder, as it was when it was found.

    Attributes:
        path: where it is.
        bytes: its length.
        changed_ns: when it last changed, in nanoseconds since 1970.
    """

    path: Path
    bytes: int
    changed_ns: int

    @property
    def updated_at(self) -> datetime:
        """When it last changed (UTC)."""
        return datetime.fromtimestamp(self.changed_ns / 1e9, UTC)

    def settled_digest(
        self, *, clock: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep
    ) -> str:
        """SHA-256 of the file, once it has stopped changing.

        Raises:
            RetryableError: it is still being written.
        """
        if abs(clock() - self.changed_ns / 1e9) < SETTLING_SECONDS:
            sleep(SETTLING_SECONDS)
        with self.unchanged():
            return digest_of(self.path)

    @contextmanager
    def unchanged(self, *, clock: Callable[[], float] = time.time) -> Iterator[None]:
        """Distrust whatever is read from the file inside the context if the file changes meanwhile.

        Raises:
            RetryableError: it changed, or it is damaged and so young that the copy is probably still under way.
        """
        try:
            yield
        except SourceError as error:
            if clock() - self.changed_ns / 1e9 < COPYING_SECONDS:
                raise RetryableError(
                    f"{error} (If it is still being copied, try again when that has ended.)"
                ) from error
            raise
        if not self.path.exists() or _landed(self.path) != self:
            raise RetryableError(f"{self.path} changed while it was read. Try again when it has been copied.")


def newest_landed_file(folder: Path) -> LandedFile | None:
    """The usable file that changed last; None when there is none. Hidden and ``.partial`` files do not count."""
    if not folder.is_dir():
        return None
    files = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    usable = [path for path in files if path.name.lower().endswith(SUFFIXES)]
    for path in set(files).difference(usable):
        _log.warning("landed_file_ignored", path=str(path), usable=", ".join(SUFFIXES))
    return max(map(_landed, usable), key=lambda landed: (landed.changed_ns, landed.path.name), default=None)


def _landed(path: Path) -> LandedFile:
    status = path.stat()
    return LandedFile(path, status.st_size, status.st_mtime_ns)
