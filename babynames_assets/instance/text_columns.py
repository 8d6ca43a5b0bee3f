"""Columns of Dagster's storage on MySQL that hold 64 KiB where its other databases have no limit.

A check with more metadata than that fails its run. dagster-mysql widened the column of events only.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from babynames_assets.warehouse.engine import Engine

_COLUMNS = (
    ("asset_check_executions", "evaluation_event"),
    ("asset_daemon_asset_evaluations", "asset_evaluation_body"),
    ("instigators", "instigator_body"),
    ("job_ticks", "tick_body"),
    ("runs", "run_body"),
)
_SHORT = (
    "SELECT table_name, column_name, is_nullable, character_set_name, collation_name FROM information_schema.columns "
)


@dataclass(frozen=True)
class TextColumn:
    """A column of type TEXT, with what has to stay as it is when it is widened."""

    table: str
    name: str
    is_nullable: str
    character_set: str
    collation: str

    def __str__(self) -> str:
        return f"{self.table}.{self.name}"


def short_columns(pool: Engine) -> list[TextColumn]:
    """Those of the columns that hold 64 KiB still."""
    query = sa.text(_SHORT + "WHERE table_schema = DATABASE() AND data_type = 'text'")
    with pool.connect() as connection:
        found = [TextColumn(*row) for row in connection.execute(query)]
    return sorted((one for one in found if (one.table, one.name) in _COLUMNS), key=str)


def widen(pool: Engine) -> list[TextColumn]:
    """Make them hold 4 GiB; a table is copied, which locks it for as long as its size needs."""
    short = short_columns(pool)
    with pool.connect() as connection:
        for one in short:
            null = "NULL" if one.is_nullable == "YES" else "NOT NULL"
            kind = f"LONGTEXT CHARACTER SET {one.character_set} COLLATE {one.collation} {null}"
            connection.exec_driver_sql(f"ALTER TABLE {one.table} MODIFY {one.name} {kind}")
    return short
