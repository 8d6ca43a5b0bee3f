"""The current raw file, and what reading it found."""

from collections.abc import Callable
from pathlib import Path

from babynames_assets.errors import FatalError
from babynames_assets.ingest.header import SourceColumn, source_columns
from babynames_assets.ingest.raw_files import RawFile, RawFiles
from babynames_assets.ingest.scan import Scan, finished_scan, scan_file
from babynames_assets.observability.progress import Progress
from babynames_assets.settings import Settings


def require_current(raw_files: RawFiles) -> RawFile:
    """The raw file that the warehouse should hold.

    Raises:
        FatalError: there is none yet.
    """
    raw = raw_files.current()
    if raw is None:
        raise FatalError(f"There is no raw file in {raw_files.folder}: materialize raw/baby_names_csv first.")
    return raw


def scan_raw(raw: RawFile, settings: Settings, *, say: Callable[[str], None] = lambda _line: None) -> Scan:
    """Read a raw file through, or return what an earlier read of it found.

    Args:
        raw: the file.
        settings: the rules of reading.
        say: takes each line of progress.

    Raises:
        SourceError: the file's layout is unknown, or it has no row that can be used.
    """
    progress = Progress("bytes read", raw.bytes, of="lines", say=say)
    scan = scan_file(
        raw.path,
        _scan_folder(raw, settings),
        source=raw.as_frame_source(),
        settings=settings.ingest,
        file_name=Path(raw.member).name,
        on_read=lambda size, lines: progress.add(size, amount=lines),
    )
    progress.finish()
    return scan


def columns_of(raw: RawFile, settings: Settings) -> list[SourceColumn]:
    """The columns of a raw file by their own names, and what each is read as."""
    return source_columns(raw.path, file_name=Path(raw.member).name, year=settings.ingest.year)


def known_scan(raw: RawFile, settings: Settings) -> Scan | None:
    """What an earlier read of a raw file found; None if it was not read yet under the rules of today."""
    return finished_scan(
        _scan_folder(raw, settings),
        source_sha256=raw.sha256,
        file_name=Path(raw.member).name,
        settings=settings.ingest,
    )


def _scan_folder(raw: RawFile, settings: Settings) -> Path:
    return settings.state_folder / "scans" / raw.sha256
