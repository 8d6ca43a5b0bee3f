"""What the recount finds: a place that does not hold what the file says, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

from babynames_assets.errors import FatalError
from babynames_assets.loading.row_differences import RowDifferences

Place = Literal["raw file", "lines", "stored scan", "ledger", "dead letters", "Parquet", "table"]
Kind = Literal["differs", "pending"]

REENTER = (
    "Delete the file's row from the table sources (source_sha256 = '{sha256}'), then materialize "
    "validated/baby_names of any year: the file is entered again as it is read now, and its dead letters open again."
)
"""The remedy for entries that are wrong: an entry that is there is never made again by itself."""


@dataclass(frozen=True)
class Finding:
    """A place that does not hold what the file says.

    Attributes:
        place: where.
        kind: ``pending`` where a step has not been run yet and nothing is lost, else ``differs``.
        year: of which year; None when it is about the whole file.
        message: what was expected and what was found.
        remedy: what to do.
        rows: which rows, where rows differ.
    """

    place: Place
    kind: Kind
    year: int | None
    message: str
    remedy: str
    rows: RowDifferences | None = None


def found_by_reading(place: Place, year: int | None, error: FatalError) -> Finding:
    """A place that cannot be read as it was stored; the last sentence of such an error is the remedy."""
    message, _, remedy = str(error).rpartition(". ")
    return Finding(place, "differs", year, f"{message}.", remedy)
