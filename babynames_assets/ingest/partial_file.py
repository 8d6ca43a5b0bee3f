"""The part of a file that has arrived, with a note of what it is a part of.

The note is written before the first byte, and without a strong ETag there is none: bytes of unknown origin are never
continued.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypedDict

from babynames_assets.ingest.durable_files import write_durably
from babynames_assets.ingest.transfer import Transfer


class _Note(TypedDict):
    etag: str
    total: int | None


class PartialFile:
    """``<target>.partial`` and its note, ``<target>.partial.json``.

    Attributes:
        path: where the bytes are.
    """

    def __init__(self, target: Path) -> None:
        self.path = target.with_name(target.name + ".partial")
        self._note_path = target.with_name(target.name + ".partial.json")

    @property
    def length(self) -> int:
        """How many bytes have arrived."""
        return self.path.stat().st_size if self.path.exists() else 0

    def resume_point(self) -> tuple[int, str | None]:
        """The offset to go on from and the ETag to ask for; (0, None) when there is nothing to continue."""
        note = self._note()
        length = self.length
        return (length, note["etag"]) if note is not None and length > 0 else (0, None)

    def continues(self, transfer: Transfer) -> bool:
        """Whether the transfer brings the rest of the file that this is a part of."""
        note = self._note()
        return note is not None and note["total"] in {None, transfer.total} and transfer.etag in {None, note["etag"]}

    @contextmanager
    def opened(self, transfer: Transfer) -> Iterator[BinaryIO]:
        """Open for writing: at the end for a transfer that goes on, empty for one from the beginning."""
        if transfer.start == 0:
            self.discard()
            if transfer.etag is not None:
                note: _Note = {"etag": transfer.etag, "total": transfer.total}
                write_durably(self._note_path, json.dumps(note).encode())
        # Unbuffered: what was read is in the file even when the next read fails.
        with self.path.open("ab", buffering=0) as file:
            yield file

    def discard(self) -> None:
        """Remove the bytes and the note."""
        self.path.unlink(missing_ok=True)
        self._note_path.unlink(missing_ok=True)

    def _note(self) -> _Note | None:
        try:
            found = json.loads(self._note_path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        if not isinstance(found, dict) or not isinstance(found.get("etag"), str):
            return None
        return {"etag": found["etag"], "total": found.get("total")}
