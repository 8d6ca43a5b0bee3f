"""Brings the newest raw table in: a file in the landing folder if there is one, else Kaggle's newest or pinned version.

The landing folder is the way around Kaggle: while it holds a file, Kaggle is not asked at all. Remove the file to
return to Kaggle.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog

from babynames_assets.ingest.download import DownloadLimits, download
from babynames_assets.ingest.kaggle import DatasetVersion, KaggleDatasets
from babynames_assets.ingest.landed_tables import take_landed
from babynames_assets.ingest.landing import newest_landed_file
from babynames_assets.ingest.raw_files import RawFile, RawFiles, Source
from babynames_assets.ingest.unpacked_tables import kept_table, unpack_table
from babynames_assets.setting_groups import KaggleSettings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Acquired:
    """The current raw table.

    Attributes:
        raw: where it is and came from.
        is_new: whether its content differs from what was current before.
    """

    raw: RawFile
    is_new: bool


def acquire(raw_files: RawFiles, kaggle: KaggleDatasets, *, settings: KaggleSettings, landing_folder: Path) -> Acquired:
    """Make the newest table current, downloading it only if it is not kept already.

    Raises:
        RetryableError: the source is not reachable, not complete yet, or another process is acquiring.
        FatalError: a person has to change something first; the message says what.
    """
    with raw_files.locked():
        before = raw_files.current()
        landed = newest_landed_file(landing_folder)
        if landed is not None:
            raw = take_landed(raw_files, landed, settings)
        else:
            version = kaggle.latest(settings.dataset, settings.version)
            raw = _from_kaggle(raw_files, kaggle, version, settings)
        is_new = before is None or before.sha256 != raw.sha256
    _log.info("dataset_acquired", origin=raw.origin, dataset=raw.dataset, version=raw.version, is_new=is_new)
    return Acquired(raw, is_new)


def _from_kaggle(
    raw_files: RawFiles, kaggle: KaggleDatasets, version: DatasetVersion, settings: KaggleSettings
) -> RawFile:
    number = str(version.number)
    known = [raw for raw in raw_files.find("kaggle", version.dataset, number) if raw.updated_at == version.updated_at]
    kept = kept_table(known, settings.member)
    if kept is not None:
        raw_files.make_current(kept)
        return kept
    target = raw_files.incoming / f"{version.dataset.replace('/', '.')}.{number}.zip"
    raw_files.clear_incoming(except_for=target)
    downloaded = download(
        partial(kaggle.open_download, version),
        target,
        limits=DownloadLimits(max_bytes=settings.max_archive_bytes),
    )
    try:
        unpacked = unpack_table(target, raw_files.incoming, settings)
    finally:
        # Also after a refusal: the next run must not find a damaged archive, but ask Kaggle again.
        target.unlink()
    source = Source(
        dataset=version.dataset,
        version=number,
        origin="kaggle",
        archive_sha256=downloaded.sha256,
        archive_bytes=downloaded.bytes,
        updated_at=version.updated_at,
        acquired_at=datetime.now(UTC),
    )
    return raw_files.keep(unpacked, source)
