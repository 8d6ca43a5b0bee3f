"""DuckDB: its MySQL extension, ``INSERT INTO`` an attached database from ``read_csv``.

https://duckdb.org/docs/current/core_extensions/mysql
"""

from functools import partial
from importlib.resources import files

import duckdb

from benchmarks.peers.task import COLUMNS, Task, from_command_line, through_staging

_EXTENSION = "extensions/v{version}/mysql_scanner.duckdb_extension"


def _attach(task: Task) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    # INSTALL would fetch the extension from its makers' site; the package brings the same file.
    path = files("duckdb_extension_mysql_scanner") / _EXTENSION.format(version=duckdb.__version__)
    connection.execute(f"LOAD '{path}'")
    place = task.place
    parts = {
        "host": place.hostname,
        "port": place.port or 3306,
        "user": place.username,
        "password": place.password or "",
        "database": place.path.strip("/"),
    }
    target = " ".join(f"{name}={value}" for name, value in parts.items() if value)
    connection.execute(f"ATTACH '{target}' AS mysql (TYPE mysql)")
    return connection


def _append(connection: duckdb.DuckDBPyConnection, task: Task, table: str) -> None:
    columns = ", ".join(f'"{found}" AS {wanted}' for found, wanted in COLUMNS.items())
    # The extension inserts by position.
    connection.execute(
        f"INSERT INTO mysql.{table} SELECT year, sex, name, births FROM (SELECT {columns} FROM read_csv('{task.csv}'))"
    )


def main() -> None:
    """Run the command line."""
    task = from_command_line(__doc__)
    connection = _attach(task)
    if task.mode == "full":
        _append(connection, task, "baby_names")
        return

    def execute(statement: str) -> None:
        connection.execute("CALL mysql_execute('mysql', ?)", [statement])
        # What it has read of the other side's tables is out of date.
        connection.execute("CALL mysql_clear_cache()")

    through_staging(execute, partial(_append, connection, task))


if __name__ == "__main__":
    main()
