"""Ways to load a release: the real one, and two that break the promise, which the checker has to see."""

from collections.abc import Callable
from functools import partial

import polars as pl

from babynames_assets.ingest.frames import FrameStore, StoredFrame
from babynames_assets.loading.years import LoadOptions, as_record, load_years
from babynames_assets.warehouse import baby_names, ledger, partitioning
from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets_tests.loading.crashing.content import YEARS

Load = Callable[[Engine, FrameStore, Callable[[int], None]], None]
"""Brings all years to their frames; says each year that is loaded."""


def load(engine: Engine, frames: FrameStore, say: Callable[[int], None]) -> None:
    """As the asset does: partitions, then the years side by side."""
    partitioning.ensure_years(engine, YEARS[0], YEARS[-1])
    options = LoadOptions(max_delete_share=1.0, connections=2)
    load_years(engine, frames, YEARS, run_id="crashes", options=options, on_loaded=lambda year, _counts: say(year))


def load_ledger_first(engine: Engine, frames: FrameStore, say: Callable[[int], None]) -> None:
    """Wrong: the ledger names a content before the table has it."""
    for frame in map(frames.get, YEARS):
        run_in_transaction(engine, partial(_record, frame))
        run_in_transaction(engine, partial(_bring, frame.year, frame.read()))
        say(frame.year)


def load_in_halves(engine: Engine, frames: FrameStore, say: Callable[[int], None]) -> None:
    """Wrong: half a year in a transaction of its own."""
    for frame in map(frames.get, YEARS):
        rows = frame.read()
        if rows.height:
            run_in_transaction(engine, partial(_bring, frame.year, rows.head(rows.height // 2)))
        run_in_transaction(engine, partial(_bring_and_record, frame))
        say(frame.year)


LOADS: dict[str, Load] = {"real": load, "ledger-first": load_ledger_first, "halves": load_in_halves}


def _bring(year: int, rows: pl.DataFrame, connection: Connection) -> LoadCounts:
    return baby_names.load_year(connection, year, rows, max_delete_share=1.0)


def _bring_and_record(frame: StoredFrame, connection: Connection) -> None:
    _bring(frame.year, frame.read(), connection)
    _record(frame, connection)


def _record(frame: StoredFrame, connection: Connection) -> None:
    ledger.record_load(connection, frame.provenance.source_sha256, as_record(frame), LoadCounts(), "crashes")
