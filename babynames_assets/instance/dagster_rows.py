"""Rows of Dagster's tables that may go, and their removal; for its storage on SQLite, MySQL and MariaDB alike."""

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import dagster as dg
import sqlalchemy as sa
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import (
    AssetCheckExecutionsTable,
    AssetEventTagsTable,
    SqlEventLogStorageTable,
)
from dagster._core.storage.runs import SqlRunStorage
from dagster._core.storage.runs.schema import KeyValueStoreTable, RunsTable

from babynames_assets.errors import FatalError
from babynames_assets.instance.vigil import SIGN_KEY

CHUNK = 1000
"""Rows that one transaction removes: what is locked meanwhile is free again before anybody waits for it."""

EVENTS = SqlEventLogStorageTable
CHECK_RESULTS = AssetCheckExecutionsTable
_FINISHED = [status.value for status in FINISHED_STATUSES]
_REMEDY = "Only storage in SQL can be pruned: use that of dagster.yaml or deploy/dagster.yaml. Nothing was removed."
_OF_CHECKS = ("ASSET_CHECK_EVALUATION", "ASSET_CHECK_EVALUATION_PLANNED")


def plain_events_before(moment: dt.datetime) -> sa.ColumnElement[bool]:
    """Events that say nothing of an asset."""
    row = EVENTS.c
    of_an_asset = row.asset_key.is_not(None) | sa.func.coalesce(row.dagster_event_type, "").like("ASSET%")
    return (row.timestamp < moment) & ~of_an_asset


def followed_events_before(moment: dt.datetime) -> sa.ColumnElement[bool]:
    """Events of an asset's partition that one of the same kind has followed; of checks, those of no kept result."""
    row, result = EVENTS.c, CHECK_RESULTS.c
    is_kept = sa.select(sa.literal(1)).where(result.evaluation_event_storage_id == row.id).exists()
    is_followed = row.asset_key.is_not(None) & _is_followed(EVENTS, row.dagster_event_type)
    return (row.timestamp < moment) & sa.case((row.dagster_event_type.in_(_OF_CHECKS), ~is_kept), else_=is_followed)


def followed_results_before(moment: dt.datetime) -> sa.ColumnElement[bool]:
    """Results of a check, of a partition, that another one has followed."""
    row = CHECK_RESULTS.c
    return (row.create_timestamp < moment) & _is_followed(CHECK_RESULTS, row.check_name)


def remove(instance: dg.DagsterInstance, table: sa.Table, condition: sa.ColumnElement[bool], *, dry_run: bool) -> int:
    """Remove rows of the event log's tables, a thousand a transaction; runs under way lose none.

    Args:
        instance: whose.
        table: one with a column ``id`` and a column ``run_id``.
        condition: which rows.
        dry_run: only count them.

    Returns:
        How many.
    """
    storage, under_way = _event_log(instance), _runs_under_way(instance)
    condition &= table.c.run_id.is_(None) | table.c.run_id.not_in(under_way)
    last = removed = 0
    while True:
        query = sa.select(table.c.id).where(table.c.id > last, condition).order_by(table.c.id).limit(CHUNK)
        with storage.index_connection() as connection:
            ids = list(connection.scalars(query))
            if ids and not dry_run:
                if table is EVENTS:
                    connection.execute(AssetEventTagsTable.delete().where(AssetEventTagsTable.c.event_id.in_(ids)))
                connection.execute(table.delete().where(table.c.id.in_(ids)))
        removed += len(ids)
        if len(ids) < CHUNK:
            return removed
        last = ids[-1]


def forgotten_runs(instance: dg.DagsterInstance, moment: dt.datetime) -> list[str]:
    """Runs that ended before a moment, and of which no event or check result of an asset is kept."""
    storage, run = _event_log(instance), RunsTable.c
    query = sa.select(run.run_id).where(run.status.in_(_FINISHED), run.update_timestamp < moment).order_by(run.id)
    with _run_storage(instance).connect() as connection:
        ended = list(connection.scalars(query))
    forgotten = []
    for first in range(0, len(ended), CHUNK):
        some = ended[first : first + CHUNK]
        of_asset = EVENTS.c.asset_key.is_not(None) | EVENTS.c.dagster_event_type.like("ASSET%")
        queries = (
            sa.select(EVENTS.c.run_id).where(EVENTS.c.run_id.in_(some), of_asset),
            sa.select(CHECK_RESULTS.c.run_id).where(CHECK_RESULTS.c.run_id.in_(some)),
        )
        with storage.index_connection() as connection:
            kept = {run_id for query in queries for run_id in connection.scalars(query.distinct())}
        forgotten += [run_id for run_id in some if run_id not in kept]
    return forgotten


def remove_signs(instance: dg.DagsterInstance, *, dry_run: bool) -> int:
    """Remove the last signs of life of runs that have ended."""
    pair = KeyValueStoreTable.c
    with _run_storage(instance).connect() as connection:
        keys = connection.scalars(sa.select(pair.key).where(pair.key.like(f"{SIGN_KEY}%")))
        alive = {f"{SIGN_KEY}{run_id}" for run_id in _runs_under_way(instance)}
        over = [key for key in keys if key not in alive]
        for first in range(0, len(over) if not dry_run else 0, CHUNK):
            connection.execute(KeyValueStoreTable.delete().where(pair.key.in_(over[first : first + CHUNK])))
    return len(over)


def empty_run_files(instance: dg.DagsterInstance, moment: dt.datetime, *, dry_run: bool) -> int:
    """On SQLite each run has a file with all its events, of which those of assets are in the index too.

    The file stays, since other processes expect its tables, and is as small as it can be.

    Returns:
        How many events.
    """
    storage = _event_log(instance)
    if not isinstance(storage, SqliteEventLogStorage):
        return 0
    run = RunsTable.c
    query = sa.select(run.run_id).where(run.status.in_(_FINISHED), run.update_timestamp < moment)
    with _run_storage(instance).connect() as connection:
        ended = set(connection.scalars(query))
    files = [Path(storage.path_for_shard(run_id)) for run_id in storage.get_all_run_ids() if run_id in ended]
    return sum(_empty(file, dry_run=dry_run) for file in files)


def _empty(file: Path, *, dry_run: bool) -> int:
    plain = "event_logs WHERE asset_key IS NULL AND COALESCE(dagster_event_type, '') NOT LIKE 'ASSET%'"
    with closing(sqlite3.connect(file, timeout=30)) as database:
        count = int(database.execute(f"SELECT COUNT(*) FROM {plain}").fetchone()[0])  # noqa: S608 - words of our own
        if count and not dry_run:
            database.execute(f"DELETE FROM {plain}")  # noqa: S608 - as above
            database.commit()
            database.execute("VACUUM")
    return count


def remove_run_file(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove the file of a run that is deleted, and what SQLite keeps beside it; on a server there is none."""
    storage = _event_log(instance)
    if isinstance(storage, SqliteEventLogStorage):
        for end in ("", "-wal", "-shm"):
            Path(storage.path_for_shard(run_id) + end).unlink(missing_ok=True)


def _is_followed(table: sa.Table, kind: sa.Column[str]) -> sa.ColumnElement[bool]:
    """Whether a later row is about the same asset and partition, and of the same kind."""
    row, newer = table.c, table.alias("newer").c
    is_about_the_same = newer.partition.is_not_distinct_from(row.partition)
    is_newer = sa.and_(newer.asset_key == row.asset_key, newer[kind.name] == kind, is_about_the_same, newer.id > row.id)
    return sa.select(sa.literal(1)).where(is_newer).exists()


def _runs_under_way(instance: dg.DagsterInstance) -> list[str]:
    query = sa.select(RunsTable.c.run_id).where(RunsTable.c.status.not_in(_FINISHED))
    with _run_storage(instance).connect() as connection:
        return list(connection.scalars(query))


def _event_log(instance: dg.DagsterInstance) -> SqlEventLogStorage:
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        raise FatalError(f"Dagster's event log is a {type(storage).__name__}. {_REMEDY}")
    return storage


def _run_storage(instance: dg.DagsterInstance) -> SqlRunStorage:
    storage = instance.run_storage
    if not isinstance(storage, SqlRunStorage):
        raise FatalError(f"Dagster's runs are in a {type(storage).__name__}. {_REMEDY}")
    return storage
