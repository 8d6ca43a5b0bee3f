"""Keeps each raw table under its SHA-256, read-only, and remembers which one is current.

A table lies in ``<folder>/<sha256>/`` beside ``manifest.json``, which lists every version that it was published as.
``current.json`` is replaced in one step, after everything that it points to is on the disk.
"""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import structlog

from babynames_assets.errors import RetryableError, SourceError
from babynames_assets.ingest.archive import Unpacked
from babynames_assets.ingest.durable_files import digest_of, replace_durably, write_durably
from babynames_assets.ingest.provenance import FrameSource

Origin = Literal["kaggle", "landing"]

_MANIFEST = "manifest.json"
_CURRENT = "current.json"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Source:
    """Where a table came from.

    Attributes:
        dataset: ``owner/slug``, or the name of the landed file.
        version: the dataset version's number, or a landed file's digest, shortened.
        origin: Kaggle, or the landing folder.
        archive_sha256: digest of the file that held the table.
        archive_bytes: length of that file.
        updated_at: when the version was published or the landed file changed (UTC).
        acquired_at: when it was taken (UTC).
    """

    dataset: str
    version: str
    origin: Origin
    archive_sha256: str
    archive_bytes: int
    updated_at: datetime
    acquired_at: datetime


@dataclass(frozen=True)
class RawFile(Source):
    """One table as it was published.

    Attributes:
        sha256: digest of the table.
        bytes: its length.
        member: its name in the archive.
        path: where it is kept.
    """

    sha256: str
    bytes: int
    member: str
    path: Path

    def as_frame_source(self) -> FrameSource:
        """What the frames that are made of it say of it."""
        return FrameSource(self.dataset, self.version, self.sha256)


class RawFiles:
    """The kept tables in one folder.

    Args:
        folder: created when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def incoming(self) -> Path:
        """Where files arrive before they are kept; on the same file system, so that a rename suffices."""
        return self.folder / "incoming"

    def clear_incoming(self, *, except_for: Path) -> None:
        """Remove what earlier runs left half-done, but for the parts of one file that is still wanted."""
        for leftover in self.incoming.iterdir():
            if not leftover.name.startswith(except_for.name):
                leftover.unlink()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from acquiring into this folder; the lock ends with the process that holds it.

        Raises:
            RetryableError: another process holds it.
        """
        self.incoming.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise RetryableError(
                    f"Another process is acquiring a dataset into {self.folder}. Try again when it has ended."
                ) from error
            yield

    def current(self) -> RawFile | None:
        """The table that the warehouse should hold; None before the first one, or when it was damaged or removed."""
        raw = self._read(self.folder / _CURRENT)
        return next(iter(raw), None)

    def find(self, origin: Origin, dataset: str, version: str) -> list[RawFile]:
        """The kept tables of one version: several if it was published anew, or another member was taken."""
        manifests = sorted(self.folder.glob(f"*/{_MANIFEST}"))
        return [
            raw
            for manifest in manifests
            for raw in self._read(manifest)
            if (raw.origin, raw.dataset, raw.version) == (origin, dataset, version)
        ]

    def keep(self, unpacked: Unpacked, source: Source) -> RawFile:
        """Move an unpacked table to its place and make it current."""
        home = self.folder / unpacked.sha256
        home.mkdir(parents=True, exist_ok=True)
        manifest = home / _MANIFEST
        known = self._read(manifest)
        path = known[0].path if known else home / f"{unpacked.path.stem}.csv"
        if path.is_file() and digest_of(path) == unpacked.sha256:
            unpacked.path.unlink()
        else:
            unpacked.path.chmod(0o444)
            replace_durably(unpacked.path, path)
        raw = RawFile(**asdict(source), sha256=unpacked.sha256, bytes=unpacked.bytes, member=unpacked.member, path=path)
        self._write(manifest, [*known, raw])
        self.make_current(raw)
        _log.info("raw_file_kept", dataset=raw.dataset, version=raw.version, sha256=raw.sha256, bytes=raw.bytes)
        return raw

    def make_current(self, raw: RawFile) -> None:
        """Point at a kept table."""
        self._write(self.folder / _CURRENT, [raw])

    def verify(self, raw: RawFile) -> None:
        """Read the kept bytes again.

        Raises:
            SourceError: they are gone, or are not those that were kept.
        """
        found = digest_of(raw.path) if raw.path.is_file() else "no file"
        if found != raw.sha256:
            raise SourceError(
                f"{raw.path} is not what was kept: its SHA-256 should be {raw.sha256}, found {found}. "
                f"Remove the folder {raw.path.parent} and materialize raw/baby_names_csv again."
            )

    def _write(self, path: Path, raws: list[RawFile]) -> None:
        records = [{**asdict(raw), "path": raw.path.name} for raw in raws]
        write_durably(path, json.dumps(records, indent=2, default=datetime.isoformat).encode())

    def _read(self, path: Path) -> list[RawFile]:
        """The records of a manifest whose table still has the recorded length; another read of the source mends it."""
        try:
            raws = [self._raw_file(record) for record in json.loads(path.read_bytes())]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            _log.warning("manifest_unreadable", path=str(path), error=str(error))
            return []
        usable = [raw for raw in raws if raw.path.is_file() and raw.path.stat().st_size == raw.bytes]
        if len(usable) < len(raws):
            _log.warning("raw_file_missing", manifest=str(path))
        return usable

    def _raw_file(self, record: dict[str, Any]) -> RawFile:
        moments = {name: datetime.fromisoformat(record[name]) for name in ("updated_at", "acquired_at")}
        path = self.folder / record["sha256"] / Path(record["path"]).name
        return RawFile(**{**record, **moments, "path": path})
