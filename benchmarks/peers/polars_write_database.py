"""Polars: ``read_csv`` and ``write_database`` through SQLAlchemy, appending.

https://docs.pola.rs/api/python/stable/reference/api/polars.DataFrame.write_database.html
"""

import polars as pl
import sqlalchemy as sa

from benchmarks.peers.over_sqlalchemy import run
from benchmarks.peers.task import COLUMNS, Task


def _append(connection: sa.Connection, task: Task, table: str) -> None:
    frame = pl.read_csv(task.csv).rename(COLUMNS)
    frame.write_database(table, connection, if_table_exists="append")


if __name__ == "__main__":
    run(__doc__, _append)
