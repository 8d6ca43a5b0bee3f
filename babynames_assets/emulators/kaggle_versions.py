"""The versions of the emulated dataset: one folder each, with the archive and its description."""

import base64
import hashlib
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

ARCHIVE = "archive.zip"
DESCRIPTION = "version.json"

_LIKE_TABLES = (".csv", ".txt")


class PublishedFile(TypedDict):
    """One file of a version, under the names of Kaggle's JSON."""

    name: str
    totalBytes: int


@dataclass(frozen=True)
class PublishedVersion:
    """One version.

    Attributes:
        number: from 1.
        published_at: when, as Kaggle writes it: UTC with milliseconds and a Z.
        content_sha256: digest of the file that was published.
        archive_md5: digest of the archive in base64, as the storage announces it.
        files: what the archive holds; empty for one that cannot be read.
    """

    number: int
    published_at: str
    content_sha256: str
    archive_md5: str
    files: list[PublishedFile]


def publish(folder: Path, file: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> int:
    """Publish a file as the dataset's next version: a .csv or .txt is zipped first, anything else served as it is.

    Returns:
        The version's number; the newest one's if that has the same content already.
    """
    versions = published(folder)
    with file.open("rb") as opened:
        content = hashlib.file_digest(opened, "sha256").hexdigest()
    if versions and newest(versions).content_sha256 == content:
        return newest(versions).number
    number = max(versions, default=0) + 1
    folder.mkdir(parents=True, exist_ok=True)
    # Built aside and renamed, so that a running emulator sees the whole version or none.
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder))
    archive = draft / ARCHIVE
    _pack(file, archive)
    version = PublishedVersion(
        number=number,
        published_at=now().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        content_sha256=content,
        archive_md5=_md5(archive),
        files=_files_in(archive),
    )
    (draft / DESCRIPTION).write_text(json.dumps(asdict(version), indent=2))
    draft.rename(folder / str(number))
    return number


def published(folder: Path) -> dict[int, PublishedVersion]:
    """All versions by number."""
    found = [PublishedVersion(**json.loads(path.read_bytes())) for path in folder.glob(f"[0-9]*/{DESCRIPTION}")]
    return {version.number: version for version in found}


def newest(versions: dict[int, PublishedVersion]) -> PublishedVersion:
    """The version with the highest number."""
    return versions[max(versions)]


def _pack(file: Path, archive: Path) -> None:
    if not file.name.lower().endswith(_LIKE_TABLES):
        shutil.copyfile(file, archive)
        return
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(file, file.name)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return base64.b64encode(digest.digest()).decode()


def _files_in(archive: Path) -> list[PublishedFile]:
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
    except zipfile.BadZipFile:
        return []
    return [{"name": member.filename, "totalBytes": member.file_size} for member in members]
