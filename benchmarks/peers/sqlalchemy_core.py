"""SQLAlchemy Core: ``connection.execute(insert(table), [dictionaries])``; PyMySQL makes many-row statements of it.

https://docs.sqlalchemy.org/en/21/tutorial/data_insert.html#executing-the-statement
"""

import csv
from functools import partial
from itertools import islice

import sqlalchemy as sa

from benchmarks.peers.task import Task, from_command_line, through_staging

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
