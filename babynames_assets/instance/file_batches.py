"""Lets Dagster's SQLite files take the events of many partitions in one transaction.

Dagster leaves it to each storage how events that it hands over together are stored, and its own for SQLite files stores
each alone and twice, over an engine and a connection made for it: six seconds of a run of 145 years.
"""

from collections.abc import Sequence
from itertools import groupby

import dagster as dg
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.storage.event_log import SqliteEventLogStorage

from babynames_assets.instance.event_batches import ask_for_batches, insert_events, store_planned_checks

_METHOD = "store_event_batch"


def store_them_together() -> None:
    """Give Dagster's event log in SQLite files a way to store many events, unless it has one of its own."""
    if _METHOD not in vars(SqliteEventLogStorage):
        setattr(SqliteEventLogStorage, _METHOD, _store_event_batch)
    ask_for_batches()


def _store_event_batch(storage: SqliteEventLogStorage, events: Sequence[dg.EventLogEntry]) -> None:
    """In the file of their run, and those of assets and checks in that of all runs too, as Dagster does it."""
    for run_id, of_run in groupby(events, lambda event: event.run_id):
        with storage.run_connection(run_id) as connection:
            for event in of_run:
                connection.execute(storage.prepare_insert_event(event))
    indexed = [event for event in events if event.dagster_event_type in ASSET_EVENTS | ASSET_CHECK_EVENTS]
    with storage.index_transaction() as connection:
        ids = insert_events(storage, connection, indexed)
    store_planned_checks(storage, indexed, ids)
