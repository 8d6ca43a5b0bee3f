"""Physical lines of a file, in blocks of bounded size.

One line of the file is one record, also inside quotes, so that a quote that is never closed costs one line and not the
rest of the file. Memory depends on the block, never on the file or on the length of a line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import polars as pl

from babynames_assets.errors import SourceError

BLOCK_BYTES = 4 * 2**20
MAX_LINE_BYTES = 64 * 2**10
"""A longer line is cut to one byte more than this, which is enough for the rules to reject it."""

DAMAGED = "\ufffd"
"""Stands where bytes were not UTF-8."""

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Block:
    """Consecutive lines.

    Attributes:
        first: number of the first line, counted from 1.
        body: the lines as bytes, each with its end.
        end: the file's line end, LF or CR; a CR before it belongs to neither line nor text.
    """

    first: int
    body: bytes
    end: bytes = b"\n"

    def __len__(self) -> int:
        """Number of lines."""
        return self._length

    @cached_property
    def _length(self) -> int:
        return self.body.count(self.end)

    @cached_property
    def lines(self) -> pl.Series:
        """The lines without their ends, as text."""
        if not self.body:
            return pl.Series("text", [], dtype=pl.String)
        text = self.body.removesuffix(self.end).decode("utf-8", errors="replace")
        lines = pl.Series("text", [text], dtype=pl.String).str.split(self.end.decode()).explode()
        return lines.str.strip_suffix("\r") if "\r" in text else lines

    @cached_property
    def is_ascii(self) -> bool:
        """No line holds anything but ASCII."""
        return self.body.isascii()

    @cached_property
    def has_quotes(self) -> bool:
        """Some line holds a double quote."""
        return b'"' in self.body

    def without_first_lines(self, number: int) -> "Block":
        """The block without the header."""
        return Block(self.first + number, self.body.split(self.end, number)[number], self.end)


def read_blocks(path: Path, file_name: str, *, block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """Read a file once, from its first line to its last.

    Lines end in LF or CRLF, or in CR where the first block has no LF at all. Bytes that are not UTF-8 become U+FFFD.

    Args:
        path: the file.
        file_name: what messages call it.
        block_bytes: bytes to read at once.

    Raises:
        SourceError: the file is in UTF-16.
    """
    first = 1
    with path.open("rb") as file:
        for body, end in _whole_lines(file, file_name, block_bytes):
            block = Block(first, body, end)
            yield block
            first += len(block)


def _whole_lines(file: BinaryIO, file_name: str, block_bytes: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield whole lines, the last one ended too, and the file's line end."""
    read = _without_mark(file.read(block_bytes), file_name)
    end = b"\r" if b"\r" in read and b"\n" not in read else b"\n"
    rest = b""
    while read:
        if cut := read.rfind(end) + 1:
            yield rest + read[:cut], end
            rest = b""
        # What lies beyond the limit is of no use: the line will be rejected.
        rest = (rest + read[cut:])[: MAX_LINE_BYTES + 1]
        read = file.read(block_bytes)
    if rest:
        yield rest + end, end


def _without_mark(read: bytes, file_name: str) -> bytes:
    if read.startswith(_UTF16_MARKS):
        raise SourceError(f"{file_name} is in UTF-16, but only UTF-8 can be read. Save it as CSV in UTF-8.")
    return read.removeprefix(_UTF8_MARK)
