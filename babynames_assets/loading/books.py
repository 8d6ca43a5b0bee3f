"""The books of a file: its counts into the ledger, its rejected lines into the dead letters."""

from collections.abc import Iterator

from babynames_assets.ingest.raw_files import RawFile
from babynames_assets.ingest.scan import Scan, rejected
from babynames_assets.loading.letter_keys import LetterKeys
from babynames_assets.warehouse import dead_letters, ledger
from babynames_assets.warehouse.dead_letters import DeadLetter
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.ledger import SourceRecord, YearRecord

ROWS_AT_ONCE = 10_000
"""Rejected lines in memory at a time; each has up to 2,000 characters."""


def record_file(engine: Engine, raw: RawFile, scan: Scan) -> None:
    """Enter a scanned file, in one transaction; a file that is entered already changes nothing.

    A dead letter of an earlier file, whose line this file no longer has, becomes resolved.

    Args:
        engine: the warehouse.
        raw: the file.
        scan: what reading it found.
    """
    run_in_transaction(engine, lambda connection: _enter(connection, raw, scan))


def _enter(connection: Connection, raw: RawFile, scan: Scan) -> None:
    if ledger.has_source(connection, raw.sha256):
        return
    source = SourceRecord(
        source_sha256=raw.sha256,
        dataset=raw.dataset,
        version=raw.version,
        file_name=raw.member,
        bytes=raw.bytes,
        lines=scan.lines,
        header_lines=scan.header_lines,
        unplaced=scan.unplaced,
    )
    years = [
        YearRecord(
            year=year,
            lines=counts.lines,
            valid=counts.valid,
            merged=counts.merged,
            duplicates=counts.duplicates,
            rejected=counts.rejected,
            digest=counts.digest,
        )
        for year, counts in scan.years.items()
    ]
    ledger.record_scan(connection, source, years)
    dead_letters.record(connection, _letters(raw, scan))
    dead_letters.resolve_import_except(connection, raw.sha256)


def _letters(raw: RawFile, scan: Scan) -> Iterator[DeadLetter]:
    """One letter a rejected line."""
    keys = LetterKeys()
    for rows in rejected(scan.folder).collect_batches(chunk_size=ROWS_AT_ONCE, maintain_order=True):
        for line, year, text, reasons in rows.iter_rows():
            yield DeadLetter(
                service="import",
                letter_key=keys.next(text),
                year=year,
                payload={
                    "dataset": raw.dataset,
                    "version": raw.version,
                    "line": line,
                    "text": text,
                },
                error="; ".join(reasons),
                source_sha256=raw.sha256,
            )
