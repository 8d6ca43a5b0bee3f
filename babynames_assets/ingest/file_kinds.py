"""Tells from its first bytes what a file is, whatever its name says."""

from typing import Literal

from babynames_assets.errors import SourceError

FileKind = Literal["zip", "gzip", "text"]
HEAD_BYTES = 512

_MARKS: tuple[tuple[bytes, FileKind], ...] = ((b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"\x1f\x8b", "gzip"))
_UNUSABLE = (
    (b"%PDF-", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
)
_PAGES = ((b"<", "an HTML or XML page"), (b"{", "a JSON document"), (b"[", "a JSON document"))


def kind_of(head: bytes, name: str) -> FileKind:
    """The kind of a file that begins with ``head`` (:data:`HEAD_BYTES` are enough).

    Raises:
        SourceError: it is empty, an error page, or a format that cannot hold the table.
    """
    if not head:
        raise SourceError(f"{name} is empty. Get the file again from its source.")
    for mark, kind in _MARKS:
        if head.startswith(mark):
            return kind
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for mark, meaning in _UNUSABLE:
        if head.startswith(mark):
            raise SourceError(f"{name} is {meaning}; a .csv, .txt, .csv.gz or .zip file is needed. Convert it first.")
    for mark, meaning in _PAGES:
        if text.startswith(mark):
            raise SourceError(
                f"{name} is {meaning}, not a table: it begins with {_excerpt(text)}. "
                "It looks like an error message that was saved as the data; get the file again from its source."
            )
    return "text"


def _excerpt(text: bytes) -> str:
    return repr(" ".join(text[:80].decode("utf-8", "replace").split()))
