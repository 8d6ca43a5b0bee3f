"""The table of an archive, wherever that came from: kept already, or to be unpacked."""

from pathlib import Path

from babynames_assets.ingest.archive import Unpacked, unpack_csv
from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.setting_groups import KaggleSettings


def kept_table(known: list[RawFile], member: str | None) -> RawFile | None:
    """The table of a version that is kept already; None when there is none, or several and no name says which.

    Args:
        known: the kept tables of the version.
        member: name of the wanted one in the archive, if one is named.
    """
    fitting = [raw for raw in known if member is None or member in {raw.member, Path(raw.member).name}]
    return fitting[0] if len({raw.sha256 for raw in fitting}) == 1 else None


def unpack_table(archive: Path, folder: Path, settings: KaggleSettings) -> Unpacked:
    """Unpack the wanted table within the limits that the settings draw.

    Raises:
        SourceError: the archive is damaged, holds no table or several, or what comes out is too large.
    """
    return unpack_csv(
        archive,
        folder,
        member=settings.member,
        max_bytes=settings.max_unpacked_bytes,
        max_ratio=settings.max_unpack_ratio,
    )
