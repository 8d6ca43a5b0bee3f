"""What the peers that write through a SQLAlchemy connection share: one transaction, straight in or by staging."""

from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from benchmarks.peers.task import Task, from_command_line, through_staging


def run(description: str | None, append: Callable[[sa.Connection, Task, str], object]) -> None:
    """Run a peer's command line.

    Args:
        description: the peer's docstring.
        append: loads the task's file into the table of that name.
    """
    task = from_command_line(description)
    engine = sa.create_engine(task.url)
    with engine.begin() as connection:
        if task.mode == "full":
            append(connection, task, "baby_names")
        else:
            through_staging(connection.exec_driver_sql, partial(append, connection, task))
