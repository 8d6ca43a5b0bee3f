"""The ledger: what became of every line of every file, and what the table was made of."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import sqlalchemy as sa

from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import ADDED, NEW, now, upsert
from babynames_assets.warehouse.tables import ledger, sources

_UPDATED_BY_A_LOAD = {
    **dict.fromkeys(("inserted", "updated", "deleted"), ADDED),
    **dict.fromkeys(("digest", "unchanged", "run_id", "loaded_at", "is_current"), NEW),
}


@dataclass(frozen=True)
class SourceRecord:
    """A file, in bytes and lines; ``unplaced`` lines were rejected because their year could not be read."""

    source_sha256: str
    dataset: str
    version: str
    file_name: str
    bytes: int
    lines: int
    header_lines: int
    unplaced: int


@dataclass(frozen=True)
class YearRecord:
    """What became of a file's lines of one year: ``lines = valid + merged + duplicates + rejected``."""

    year: int
    lines: int
    valid: int
    merged: int
    duplicates: int
    rejected: int
    digest: str


@dataclass(frozen=True)
class CurrentYear:
    """The file and the content that a year of the table was last brought to."""

    source_sha256: str
    digest: str


@dataclass(frozen=True)
class LastLoad:
    """The content that a year of the table was last brought to, and how many rows that are."""

    digest: str
    rows: int


@dataclass(frozen=True)
class LedgerTotals:
    """The books of a file: ``lines = header_lines + valid + merged + duplicates + rejected``."""

    lines: int
    header_lines: int
    valid: int
    merged: int
    duplicates: int
    rejected: int


def has_source(connection: Connection, source_sha256: str) -> bool:
    """Whether a file is entered."""
    query = sa.select(sources.c.source_sha256).where(sources.c.source_sha256 == source_sha256)
    return connection.scalar(query) is not None


def record_scan(connection: Connection, source: SourceRecord, years: Iterable[YearRecord]) -> None:
    """Enter what reading a file found. To enter it again replaces the counts, and leaves what loads entered."""
    moment = now()
    row = {**asdict(source), "scanned_at": moment}
    upsert(connection, sources, [row], keys=["source_sha256"], update=dict.fromkeys(row, NEW))
    rows = [{**_row(source.source_sha256, year), "scanned_at": moment, "is_current": False} for year in years]
    counts = ("lines", "valid", "merged", "duplicates", "rejected", "digest", "scanned_at")
    upsert(connection, ledger, rows, keys=["source_sha256", "year"], update=dict.fromkeys(counts, NEW))


def record_load(connection: Connection, source_sha256: str, year: YearRecord, counts: LoadCounts, run_id: str) -> None:
    """Enter what a load did, in the transaction that did it, and make the file the year's current one.

    A row's inserted, updated and deleted are those of all loads of the file so far; unchanged is of the last. So a
    repetition, which changes nothing, does not wipe out what the first load did.

    Args:
        connection: the load's transaction.
        source_sha256: the file that the frame came from.
        year: the frame's counts; a year that the file does not have is entered with zeros.
        counts: what the load did.
        run_id: the Dagster run.
    """
    moment = now()
    _retire(connection, year.year, except_for=source_sha256)
    row = {
        **_row(source_sha256, year),
        "scanned_at": moment,
        "inserted": counts.inserted,
        "updated": counts.updated,
        "deleted": counts.deleted,
        "unchanged": counts.unchanged,
        "run_id": run_id,
        "loaded_at": moment,
        "is_current": True,
    }
    upsert(connection, ledger, [row], keys=["source_sha256", "year"], update=_UPDATED_BY_A_LOAD)


def last_load(connection: Connection, year: int) -> LastLoad | None:
    """What the table's year was last brought to; None when it never was.

    A load that skips because of it holds the year first (``year_locks``): another one could change the table in
    between, and the ledger would then name the wrong content.
    """
    query = sa.select(ledger.c.digest, ledger.c.valid).where(ledger.c.year == year, ledger.c.is_current)
    row = connection.execute(query).one_or_none()
    return LastLoad(*row) if row else None


def current(connection: Connection) -> dict[int, CurrentYear]:
    """What the table was last brought to, by year."""
    query = sa.select(ledger.c.year, ledger.c.source_sha256, ledger.c.digest).where(ledger.c.is_current)
    return {row.year: CurrentYear(row.source_sha256, row.digest) for row in connection.execute(query)}


def current_rows(connection: Connection) -> dict[int, int]:
    """How many rows the table was last brought to, by year."""
    query = sa.select(ledger.c.year, ledger.c.valid).where(ledger.c.is_current)
    return {row.year: row.valid for row in connection.execute(query)}


def totals(connection: Connection, source_sha256: str) -> LedgerTotals:
    """The books of a file that is entered."""
    source = connection.execute(sources.select().where(sources.c.source_sha256 == source_sha256)).one()
    names = ("valid", "merged", "duplicates", "rejected")
    query = sa.select(*(sa.func.coalesce(sa.func.sum(ledger.c[name]), 0).label(name) for name in names))
    sums = connection.execute(query.where(ledger.c.source_sha256 == source_sha256)).one()
    return LedgerTotals(
        lines=source.lines,
        header_lines=source.header_lines,
        valid=int(sums.valid),
        merged=int(sums.merged),
        duplicates=int(sums.duplicates),
        rejected=int(sums.rejected) + source.unplaced,
    )


def _retire(connection: Connection, year: int, *, except_for: str) -> None:
    """Mark the year's other entries as past; by their keys, since a search would lock the neighbouring years too."""
    query = sa.select(ledger.c.source_sha256).where(ledger.c.year == year, ledger.c.is_current)
    for source in connection.scalars(query).all():
        if source != except_for:
            entry = sa.and_(ledger.c.source_sha256 == source, ledger.c.year == year)
            connection.execute(ledger.update().where(entry).values(is_current=False))


def _row(source_sha256: str, year: YearRecord) -> dict[str, object]:
    return {"source_sha256": source_sha256, **asdict(year)}
