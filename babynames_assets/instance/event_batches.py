"""The events of many partitions in one transaction, whatever database Dagster's event log is kept in."""

from collections.abc import Sequence

import dagster as dg
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS
from dagster._core.storage.event_log import SqlEventLogStorage

from babynames_assets.settings import set_unless_set
from babynames_assets.warehouse.engine import Connection

_BATCH = 500


def ask_for_batches() -> None:
    """Have Dagster hand over the events of partitions together: unless it is told so it stores each alone."""
    set_unless_set("DAGSTER_EVENT_BATCH_SIZE", str(_BATCH))


def insert_events(storage: SqlEventLogStorage, connection: Connection, events: Sequence[dg.EventLogEntry]) -> list[int]:
    """Insert events, and what Dagster keeps beside those of assets; returns their ids in the log.

    Args:
        storage: knows Dagster's tables.
        connection: a transaction in the database that has the assets' tables.
        events: of any kinds that Dagster stores together.
    """
    ids = [int(connection.execute(storage.prepare_insert_event(event)).lastrowid) for event in events]
    of_assets = [pair for pair in zip(events, ids, strict=True) if pair[0].dagster_event_type in ASSET_EVENTS]
    if of_assets:
        storage._store_asset_event_tags(connection, *map(list, zip(*of_assets, strict=True)))  # noqa: SLF001 - Dagster's way to do it
    # The asset's own row tells of its newest event of each kind.
    newest = {(event.get_dagster_event().asset_key, event.dagster_event_type): (event, id_) for event, id_ in of_assets}
    for event, id_ in newest.values():
        storage._store_asset_event(connection, event, id_)  # noqa: SLF001 - as above
    return ids


def store_planned_checks(storage: SqlEventLogStorage, events: Sequence[dg.EventLogEntry], ids: Sequence[int]) -> None:
    """Enter the checks that are planned, in transactions of their own as Dagster does it.

    Args:
        storage: knows Dagster's tables.
        events: of any kinds; those of checks count.
        ids: what ``insert_events`` returned for them.
    """
    for event, id_ in zip(events, ids, strict=True):
        if event.dagster_event_type in ASSET_CHECK_EVENTS:
            storage.store_asset_check_event(event, id_)
