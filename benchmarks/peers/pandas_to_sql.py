"""pandas: ``read_csv`` and ``to_sql``, appending in chunks.

https://pandas.pydata.org/docs/reference/api/pandas.DataFrame.to_sql.html
"""

import pandas as pd
import sqlalchemy as sa

from benchmarks.peers.over_sqlalchemy import run
from benchmarks.peers.task import COLUMNS, Task

_CHUNK = 10_000


def _append(connection: sa.Connection, task: Task, table: str) -> None:
    # Names such as Null and Nan are names.
    frame = pd.read_csv(task.csv, keep_default_na=False).rename(columns=COLUMNS)
    frame.to_sql(table, connection, if_exists="append", index=False, chunksize=_CHUNK)


if __name__ == "__main__":
    run(__doc__, _append)
