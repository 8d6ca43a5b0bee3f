"""One year from its validated frame into the table, together with its ledger row."""

from babynames_assets.ingest.frames import StoredFrame
from babynames_assets.warehouse import baby_names, ledger
from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.ledger import YearRecord


def load_frame(engine: Engine, frame: StoredFrame, *, run_id: str, max_delete_share: float) -> LoadCounts:
    """Make the table's year equal to a validated frame, in one transaction with the ledger row.

    No row is read when the ledger says that the table holds this very content already.

    Args:
        engine: the warehouse; the year's partition exists.
        frame: the validated frame of the year.
        run_id: the Dagster run, for the ledger.
        max_delete_share: the largest share of the year that may be deleted.

    Raises:
        FatalError: the load would delete more than that.
    """
    found = frame.provenance
    year = YearRecord(
        year=frame.year,
        lines=found.lines,
        valid=found.valid,
        merged=found.merged,
        duplicates=found.duplicates,
        rejected=found.rejected,
        digest=found.digest,
    )

    def bring(connection: Connection) -> LoadCounts:
        counts = _apply(connection, frame, max_delete_share)
        ledger.record_load(connection, found.source_sha256, year, counts, run_id)
        return counts

    return run_in_transaction(engine, bring)


def _apply(connection: Connection, frame: StoredFrame, max_delete_share: float) -> LoadCounts:
    if ledger.loaded_digest(connection, frame.year, lock=True) == frame.provenance.digest:
        return LoadCounts(inserted=0, updated=0, deleted=0, unchanged=frame.provenance.valid)
    return baby_names.load_year(connection, frame.year, frame.read(), max_delete_share=max_delete_share)
