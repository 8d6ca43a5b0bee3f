"""What a frame holds, as lines of text: the digest is made of them, and the warehouse can load them as they are."""

import hashlib
from io import BytesIO

import polars as pl

from babynames_assets.ingest.schema import COLUMNS


class Content:
    """Row count, sum of births and digest of a frame that comes in parts, in its order."""

    def __init__(self) -> None:
        self.rows = 0
        self.births = 0
        self._sha256 = hashlib.sha256()

    def add(self, part: pl.DataFrame) -> memoryview:
        """Take the next rows; returns their lines."""
        self.rows += part.height
        self.births += int(part["births"].cast(pl.Int64).sum())
        lines = lines_of(part)
        self._sha256.update(lines)
        return lines

    @property
    def digest(self) -> str:
        """As the function of that name."""
        return self._sha256.hexdigest()


def lines_of(frame: pl.DataFrame) -> memoryview:
    """The frame's lines ``year,sex,name,births`` in UTF-8, each with its line end.

    A name that is valid holds neither comma nor quote nor line end, so nothing is quoted.
    """
    lines = BytesIO()
    frame.select(list(COLUMNS)).write_csv(lines, include_header=False, quote_style="never")
    return lines.getbuffer()


def digest(frame: pl.DataFrame) -> str:
    """SHA-256 of the frame's lines, in the frame's order.

    Equal digests mean equal frames, on every machine and with every version of Polars.
    """
    content = Content()
    content.add(frame)
    return content.digest
