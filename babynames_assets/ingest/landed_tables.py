"""The table of a file in the landing folder. The file is read, never moved or changed."""

from datetime import UTC, datetime

from babynames_assets.ingest.landing import LandedFile
from babynames_assets.ingest.raw_files import RawFile, RawFiles, Source
from babynames_assets.ingest.unpacked_tables import kept_table, unpack_table
from babynames_assets.setting_groups import KaggleSettings


def take_landed(raw_files: RawFiles, landed: LandedFile, settings: KaggleSettings) -> RawFile:
    """Make a landed file's table the current one, unpacking it only if it is not kept already.

    Args:
        raw_files: the kept tables, locked.
        landed: the file.
        settings: what may come out of an archive.

    Raises:
        RetryableError: the file is still being written.
        SourceError: there is no table in it that can be used.
    """
    digest = landed.settled_digest()
    name = landed.path.name
    version = f"landed-{digest[:12]}"
    known = [raw for raw in raw_files.find("landing", name, version) if raw.archive_sha256 == digest]
    kept = kept_table(known, settings.member)
    if kept is not None:
        raw_files.make_current(kept)
        return kept
    with landed.unchanged():
        unpacked = unpack_table(landed.path, raw_files.incoming, settings)
    source = Source(name, version, "landing", digest, landed.bytes, landed.updated_at, datetime.now(UTC))
    return raw_files.keep(unpacked, source)
