"""Years from their validated frames into the table, each in one transaction together with its ledger row."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass

import structlog

from babynames_assets.ingest.frames import FrameStore, StoredFrame
from babynames_assets.warehouse import baby_names, bulk, ledger
from babynames_assets.warehouse.baby_names import LoadCounts, YearPart
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.ledger import YearRecord
from babynames_assets.warehouse.year_locks import hold_year

_log = structlog.get_logger(__name__)

_REMEDY = (
    "The year is as it was; years that were loaded stay. Do what the error says, then materialize warehouse/baby_names "
    "of the same years again: only what is missing is done."
)


@dataclass(frozen=True)
class LoadOptions:
    """How years are loaded.

    Attributes:
        max_delete_share: the largest share of a year that may be deleted.
        connections: years loaded side by side; SQLite has one writer, so there it is one.
        compare_always: read the table even where the ledger says that it holds this very content.
    """

    max_delete_share: float
    connections: int = 3
    compare_always: bool = False


def load_years(
    engine: Engine,
    frames: FrameStore,
    years: Sequence[int],
    *,
    run_id: str,
    options: LoadOptions,
    on_loaded: Callable[[int, LoadCounts], None],
) -> None:
    """Make some years of the table equal to their validated frames.

    A year that the ledger says was brought to this very file and content is not touched at all. After a failure the
    years that were under way are finished, the others are not begun; what is loaded stays.

    Args:
        engine: the warehouse; the years' partitions exist.
        frames: the validated frames.
        years: which.
        run_id: the Dagster run, for the ledger.
        options: how.
        on_loaded: called in the caller's thread after each year, but for those that end after another one failed.

    Raises:
        FatalError: a load would delete too much, or a frame is damaged.
        RetryableError: the warehouse cannot do it now.
    """
    todo = []
    with connect(engine) as connection:
        way, current = bulk.way(connection), ledger.current(connection)
    for year in years:
        frame = frames.get(year)
        if not options.compare_always and _is_held(frame, current):
            on_loaded(year, LoadCounts(unchanged=frame.provenance.valid))
        else:
            todo.append(year)
    if not todo:
        return
    connections = 1 if way == "sqlite" else options.connections
    _log.info("load_started", years=len(todo), way=way, connections=connections)
    _load_side_by_side(engine, frames, todo, run_id, options, connections, on_loaded)


def load_frame(engine: Engine, frame: StoredFrame, *, run_id: str, options: LoadOptions) -> LoadCounts:
    """Make the table's year equal to a validated frame, in one transaction with the ledger row.

    No row is read when the ledger says that the table holds this very content already.

    Args:
        engine: the warehouse; the year's partition exists.
        frame: the validated frame of the year.
        run_id: the Dagster run, for the ledger.
        options: how.

    Raises:
        FatalError: the load would delete too much, or the frame is damaged.
        RetryableError: the warehouse cannot do it now.
    """

    def bring(connection: Connection) -> LoadCounts:
        counts = _apply(connection, frame, options)
        ledger.record_load(connection, frame.provenance.source_sha256, as_record(frame), counts, run_id)
        return counts

    return run_in_transaction(engine, bring)


def as_record(frame: StoredFrame) -> YearRecord:
    """What the ledger keeps of a frame."""
    found = frame.provenance
    return YearRecord(
        year=frame.year,
        lines=found.lines,
        valid=found.valid,
        merged=found.merged,
        duplicates=found.duplicates,
        rejected=found.rejected,
        digest=found.digest,
    )


def _load_side_by_side(
    engine: Engine,
    frames: FrameStore,
    todo: Sequence[int],
    run_id: str,
    options: LoadOptions,
    connections: int,
    on_loaded: Callable[[int, LoadCounts], None],
) -> None:
    def load(year: int) -> LoadCounts:
        try:
            # Looked up now: another run may have published a newer frame since.
            return load_frame(engine, frames.get(year), run_id=run_id, options=options)
        except Exception as error:
            # An error of the server names no year, and whoever is called at night asks for it first.
            _log.error("year_not_loaded", year=year, error=str(error), remedy=_REMEDY)
            raise

    if connections == 1:
        for year in todo:
            on_loaded(year, load(year))
        return
    with ThreadPoolExecutor(connections, thread_name_prefix="load") as pool:
        try:
            # The log lines of a thread name the run as the caller's do.
            loads = {pool.submit(copy_context().run, load, year): year for year in todo}
            for done in as_completed(loads):
                on_loaded(loads[done], done.result())
        finally:
            pool.shutdown(cancel_futures=True)


def _is_held(frame: StoredFrame, current: dict[int, ledger.CurrentYear]) -> bool:
    found = frame.provenance
    return current.get(frame.year) == ledger.CurrentYear(found.source_sha256, found.digest)


def _apply(connection: Connection, frame: StoredFrame, options: LoadOptions) -> LoadCounts:
    hold_year(connection, frame.year)
    last = ledger.last_load(connection, frame.year)
    if not options.compare_always and last and last.digest == frame.provenance.digest:
        return LoadCounts(unchanged=frame.provenance.valid)
    # A frame's names are valid: none of them needs a quote.
    parts = (YearPart(part.rows, part.lines) for part in frame.parts())
    return baby_names.load_parts(
        connection,
        frame.year,
        parts,
        max_delete_share=options.max_delete_share,
        known_rows=last.rows if last else None,
    )
