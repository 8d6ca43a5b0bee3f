"""Where the current version stands: its lines, the table's rows, the contacts, and what is left to do."""

from dataclasses import dataclass

from babynames_assets.clients import open_raw_files, open_warehouse
from babynames_assets.errors import ConfigurationError
from babynames_assets.ingest.scan import Scan
from babynames_assets.loading.sources import require_current, scan_raw
from babynames_assets.settings import Settings
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.warehouse import baby_names, ledger, letter_queries, sync_differences
from babynames_assets.warehouse.engine import Connection, connect


@dataclass(frozen=True)
class Account:
    """Every line of the current file, every row of the table, every contact.

    ``lines = header_lines + valid + merged + duplicates + rejected``, and
    ``warehouse_rows = contacts_synced + contacts_pending + contacts_refused``.
    """

    lines: int
    header_lines: int
    valid: int
    merged: int
    duplicates: int
    rejected: int
    warehouse_rows: int
    contacts_synced: int
    contacts_pending: int
    contacts_refused: int
    dead_letters: int


def account(settings: Settings) -> Account:
    """Count everything, from the ledger, the table, the sync state and the dead letters."""
    source = require_current(open_raw_files(settings)).sha256
    engine = open_warehouse(settings)
    try:
        with connect(engine) as connection:
            lines = ledger.totals(connection, source)
            contacts = sync_differences.counts(connection, None, MAPPING)
            return Account(
                lines=lines.lines,
                header_lines=lines.header_lines,
                valid=lines.valid,
                merged=lines.merged,
                duplicates=lines.duplicates,
                rejected=lines.rejected,
                warehouse_rows=baby_names.count_rows(connection),
                contacts_synced=contacts.synced,
                contacts_pending=contacts.pending,
                contacts_refused=contacts.refused,
                dead_letters=sum(letter_queries.counts(connection).values()),
            )
    finally:
        engine.dispose()


def years_to_do(settings: Settings, wanted: tuple[int, int] | None) -> list[int]:
    """The years, ascending, whose table or contacts are not yet what the current file says.

    Args:
        settings: the settings.
        wanted: first and last year to look at, or None for all of the file's.

    Raises:
        ConfigurationError: the file has no year in that range.
    """
    scan = _current_scan(settings)
    years = _years_of(scan, wanted)
    engine = open_warehouse(settings)
    try:
        with connect(engine) as connection:
            return [year for year in years if not _is_done(connection, scan, year)]
    finally:
        engine.dispose()


def years_of_file(settings: Settings, wanted: tuple[int, int] | None) -> list[int]:
    """The years of the current file, ascending, done or not.

    Args:
        settings: the settings.
        wanted: first and last year, or None for all of the file's.

    Raises:
        ConfigurationError: the file has no year in that range.
    """
    return _years_of(_current_scan(settings), wanted)


def _years_of(scan: Scan, wanted: tuple[int, int] | None) -> list[int]:
    first, last = wanted or (min(scan.years), max(scan.years))
    years = [year for year in sorted(scan.years) if first <= year <= last]
    if not years:
        raise ConfigurationError(
            f"The file has no row between {first} and {last}: it has the years {min(scan.years)} to {max(scan.years)}."
        )
    return years


def _current_scan(settings: Settings) -> Scan:
    return scan_raw(require_current(open_raw_files(settings)), settings)


def _is_done(connection: Connection, scan: Scan, year: int) -> bool:
    last = ledger.last_load(connection, year)
    if last is None or last.digest != scan.years[year].digest:
        return False
    contacts = sync_differences.counts(connection, [year], MAPPING)
    return not contacts.pending and not contacts.to_remove
