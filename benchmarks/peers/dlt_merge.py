"""dlt: Arrow tables into its SQLAlchemy destination; the next release by ``merge`` with the year as merge key.

https://dlthub.com/docs/dlt-ecosystem/destinations/sqlalchemy, .../verified-sources/arrow-pandas and
https://dlthub.com/docs/general-usage/merge-loading: with a merge key, the rows of each year that comes are deleted and
those that came are inserted, which is its way of keeping a table equal to batches that come again. On MariaDB the next
release replaces the table instead.
"""

from collections.abc import Iterator
from typing import Any

import dlt
import sqlalchemy as sa
from pyarrow import RecordBatch, Table, csv

from benchmarks.peers.task import COLUMNS, Task, from_command_line

_BLOCK_BYTES = 8 * 2**20
_FIRST_RELEASE: dict[str, Any] = {"write_disposition": "append"}
_NEXT_RELEASE: dict[str, dict[str, Any]] = {
    "merge": {"write_disposition": {"disposition": "merge", "strategy": "delete-insert"}, "merge_key": "year"},
    "replace": {"write_disposition": "replace"},
}


def main() -> None:
    """Run the command line."""
    task = from_command_line(__doc__)
    task.work.mkdir(parents=True, exist_ok=True)
    pipeline = dlt.pipeline(
        "baby_names",
        pipelines_dir=str(task.work),
        destination=dlt.destinations.sqlalchemy(task.url),
        dataset_name=task.place.path.strip("/"),
    )
    pipeline.run(_resource(task)).raise_on_failed_jobs()


def _resource(task: Task) -> Any:
    way = _NEXT_RELEASE["replace" if _is_mariadb(task) else "merge"] if task.mode == "step" else _FIRST_RELEASE
    return dlt.resource(_tables(task), name="baby_names", **way)


def _is_mariadb(task: Task) -> bool:
    """Its merge compares each row with each of a table without an index: 200,000 rows had not ended in 17 minutes."""
    engine = sa.create_engine(task.url)
    with engine.connect() as connection:
        return "mariadb" in str(connection.scalar(sa.text("SELECT VERSION()"))).lower()


def _tables(task: Task) -> Iterator[Table]:
    for batch in csv.open_csv(task.csv, read_options=csv.ReadOptions(block_size=_BLOCK_BYTES)):
        yield _renamed(batch)


def _renamed(batch: RecordBatch) -> Table:
    return Table.from_batches([batch]).rename_columns([COLUMNS[name] for name in batch.schema.names])


if __name__ == "__main__":
    main()
