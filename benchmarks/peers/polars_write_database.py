"""Polars: ``read_csv`` and ``write_database`` through SQLAlchemy, appending.

https://docs.pola.rs/api/python/stable/reference/api/polars.DataFrame.write_database.html
"""

from functools import partial

import polars as pl
import sqlalchemy as sa

from benchmarks.peers.task import COLUMNS, Task, from_command_line, through_staging


def _append(connection: sa.Connection, task: Task, table: str) -> None:
    frame = pl.read_csv(task.csv).rename(COLUMNS)
    frame.write_database(table, connection, if_table_exists="append")


def main() -> None:
    """Run the command line."""
    task = from_command_line(__doc__)
    engine = sa.create_engine(task.url)
    with engine.begin() as connection:
        if task.mode == "full":
            _append(connection, task, "baby_names")
        else:
            through_staging(connection.exec_driver_sql, partial(_append, connection, task))


if __name__ == "__main__":
    main()
