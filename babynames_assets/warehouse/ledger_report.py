"""Reads the books: the ledger's entries with their files, and what stands in the tables beside them. Writes nothing."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.ledger import SourceRecord
from babynames_assets.warehouse.tables import baby_names, dead_letters, ledger, sources

YearRange = tuple[int, int]

_KEYS_IN_STATEMENT = 1_000


@dataclass(frozen=True)
class SourceEntry(SourceRecord):
    """A file as it is entered; moments are UTC without a zone."""

    scanned_at: dt.datetime


@dataclass(frozen=True)
class LedgerEntry:
    """A file's year as it is entered.

    Attributes:
        dataset: None, as version, file name and bytes, where the file's own entry is gone.
        inserted: None, as the other counts of loads, while the year was not loaded from this file.
        is_current: this is what the table's year was last brought to.
    """

    source_sha256: str
    dataset: str | None
    version: str | None
    file_name: str | None
    bytes: int | None
    year: int
    lines: int
    valid: int
    merged: int
    duplicates: int
    rejected: int
    inserted: int | None
    updated: int | None
    deleted: int | None
    unchanged: int | None
    digest: str
    run_id: str | None
    scanned_at: dt.datetime
    loaded_at: dt.datetime | None
    is_current: bool


def source_entries(connection: Connection) -> list[SourceEntry]:
    """Every file that is entered, the newest first."""
    query = sources.select().order_by(sources.c.scanned_at.desc(), sources.c.source_sha256)
    return [SourceEntry(**row) for row in connection.execute(query).mappings()]


def source_entry(connection: Connection, source_sha256: str) -> SourceEntry | None:
    """A file's entry; None when it is not entered."""
    row = connection.execute(sources.select().where(sources.c.source_sha256 == source_sha256)).mappings().first()
    return SourceEntry(**row) if row else None


def ledger_entries(
    connection: Connection, *, years: YearRange | None = None, version: str | None = None
) -> list[LedgerEntry]:
    """The entries of every file, by year and in a year the older file first.

    Args:
        connection: the warehouse.
        years: first and last year; None for all.
        version: that of the files; None for all.
    """
    of_file = [sources.c[name] for name in ("dataset", "version", "file_name", "bytes")]
    both = ledger.outerjoin(sources, ledger.c.source_sha256 == sources.c.source_sha256)
    query = sa.select(*ledger.c, *of_file).select_from(both)
    if years is not None:
        query = query.where(ledger.c.year.between(*years))
    if version is not None:
        query = query.where(sources.c.version == version)
    order = (ledger.c.year, sources.c.scanned_at, ledger.c.source_sha256)
    return [LedgerEntry(**row) for row in connection.execute(query.order_by(*order)).mappings()]


def current_entries(entries: Sequence[LedgerEntry], newest_sha256: str) -> list[LedgerEntry]:
    """One entry a year: what the table was last brought to, or that of the newest file while there is none."""
    loaded = {entry.year for entry in entries if entry.is_current}
    return [
        entry
        for entry in entries
        if entry.is_current or (entry.source_sha256 == newest_sha256 and entry.year not in loaded)
    ]


def table_years(connection: Connection) -> list[int]:
    """The years of which the table has a row, ascending."""
    return list(connection.scalars(sa.select(baby_names.c.year).distinct().order_by(baby_names.c.year)))


def known_letters(connection: Connection, keys: Iterable[str]) -> dict[str, str | None]:
    """Those of some keys that a line's dead letter has, whatever its status, with the file that it last came from."""
    wanted, found = list(keys), dict[str, str | None]()
    for start in range(0, len(wanted), _KEYS_IN_STATEMENT):
        query = sa.select(dead_letters.c.letter_key, dead_letters.c.source_sha256).where(
            dead_letters.c.service == "import",
            dead_letters.c.letter_key.in_(wanted[start : start + _KEYS_IN_STATEMENT]),
        )
        found |= {row.letter_key: row.source_sha256 for row in connection.execute(query)}
    return found


def count_letters(connection: Connection, source_sha256: str) -> int:
    """Dead letters of lines, whatever their status, that last came from a file."""
    query = sa.select(sa.func.count()).where(
        dead_letters.c.service == "import", dead_letters.c.source_sha256 == source_sha256
    )
    return connection.execute(query).scalar_one()
