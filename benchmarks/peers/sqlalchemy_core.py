"""SQLAlchemy Core: ``connection.execute(insert(table), [dictionaries])``; PyMySQL makes many-row statements of it.

https://docs.sqlalchemy.org/en/21/tutorial/data_insert.html#executing-the-statement
"""

import csv
from itertools import islice

import sqlalchemy as sa

from benchmarks.peers.over_sqlalchemy import run
from benchmarks.peers.task import Task

_CHUNK = 10_000


def _append(connection: sa.Connection, task: Task, target: str) -> None:
    table = sa.table(target, *(sa.column(column) for column in ("year", "name", "sex", "births")))
    with task.csv.open(encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        next(lines)
        rows = (
            {"year": int(year), "name": name, "sex": sex, "births": int(births)} for year, name, sex, births in lines
        )
        while chunk := list(islice(rows, _CHUNK)):
            connection.execute(sa.insert(table), chunk)


if __name__ == "__main__":
    run(__doc__, _append)
