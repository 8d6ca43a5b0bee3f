"""Where a year's frame comes from and what it holds, written into its Parquet file."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

_METADATA_KEY = "babynames_provenance"


@dataclass(frozen=True)
class FrameSource:
    """The file that frames are made of.

    Attributes:
        dataset: the dataset's name, or that of the dropped file.
        version: the dataset's version.
        source_sha256: digest of the CSV file.
    """

    dataset: str
    version: str
    source_sha256: str


@dataclass(frozen=True)
class Provenance(FrameSource):
    """Where a year's frame comes from, and what became of the lines that the source had for the year.

    Attributes:
        digest: SHA-256 of the frame's content, as ``content.digest`` defines it.
    """

    lines: int
    valid: int
    merged: int
    duplicates: int
    rejected: int
    digest: str


def as_metadata(provenance: Provenance) -> dict[str, str]:
    """The provenance as metadata of a Parquet file."""
    return {_METADATA_KEY: json.dumps(asdict(provenance))}


def read_provenance(path: Path) -> Provenance | None:
    """The provenance that a Parquet file names; None if it is damaged, or names none that can be read."""
    try:
        return Provenance(**json.loads(pl.read_parquet_metadata(path)[_METADATA_KEY]))
    except (PolarsError, KeyError, TypeError, ValueError):
        return None
