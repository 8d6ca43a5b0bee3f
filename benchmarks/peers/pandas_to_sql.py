"""pandas: ``read_csv`` and ``to_sql``, appending in chunks.

https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_sql.html
"""

from functools import partial

import pandas as pd
import sqlalchemy as sa

from benchmarks.peers.task import COLUMNS, Task, from_command_line, through_staging

_CHUNK = 10_000


def _append(connection: sa.Connection, task: Task, table: str) -> None:
    # Names such as Null and Nan are names.
    frame = pd.read_csv(task.csv, keep_default_na=False).rename(columns=COLUMNS)
    frame.to_sql(table, connection, if_exists="append", index=False, chunksize=_CHUNK)


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
