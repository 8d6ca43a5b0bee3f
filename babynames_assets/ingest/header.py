"""The columns of a file by their own names, and what each is read as: for people who ask where a value comes from."""

import csv
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from babynames_assets.ingest.layouts import Layout, resolve_layout
from babynames_assets.ingest.lines import read_blocks

_BLOCK_BYTES = 64 * 1024
"""A header that is longer is refused by the scan."""


class SourceColumn(NamedTuple):
    """A column of a file.

    Attributes:
        name: as the file spells it; ``field 1`` and so on where it has no header.
        read_as: year, sex, name or births; None for a column that is not read.
    """

    name: str
    read_as: str | None


def source_columns(path: Path, *, file_name: str, year: int | None) -> list[SourceColumn]:
    """The columns of a file that was scanned, in its order.

    Args:
        path: the CSV file.
        file_name: base name that the source gave it.
        year: the setting that gives a file without a year column its year.
    """
    first = next(read_blocks(path, file_name, block_bytes=_BLOCK_BYTES)).lines[0]
    layout = resolve_layout(first, file_name=file_name, year=year)
    roles = {index: role for role, index in asdict(layout).items() if role in ("year", "sex", "name", "births")}
    return [SourceColumn(name, roles.get(index)) for index, name in enumerate(_names(first, layout))]


def _names(line: str, layout: Layout) -> list[str]:
    if not layout.header_lines:
        return [f"field {number}" for number in range(1, layout.columns + 1)]
    return [field.strip() for field in next(csv.reader([line.removeprefix("\ufeff")]))]
