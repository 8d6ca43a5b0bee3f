"""What a peer is asked for, and the SQL that ends an upsert for those that can only append.

Nothing here imports the project: the peers have their own virtual environment.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import SplitResult, urlsplit

COLUMNS = {"YearOfBirth": "year", "Name": "name", "Sex": "sex", "Number": "births"}
STAGING = "names_staging"

_MAKE = (
    f"CREATE TABLE {STAGING} (year SMALLINT NOT NULL, sex CHAR(1) NOT NULL, name VARCHAR(100) NOT NULL, "
    "births INT NOT NULL, PRIMARY KEY (year, sex, name)) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
)
_UPSERT = (
    f"INSERT INTO baby_names (year, sex, name, births) SELECT year, sex, name, births FROM {STAGING} "
    "ON DUPLICATE KEY UPDATE births = VALUES(births)"
)
_DELETE = f"DELETE baby_names FROM baby_names LEFT JOIN {STAGING} USING (year, sex, name) WHERE {STAGING}.name IS NULL"


@dataclass(frozen=True)
class Task:
    """What to do.

    Attributes:
        mode: load into an empty table, or bring a table that holds one release to the next.
        csv: the release.
        url: SQLAlchemy URL of the database, whose table baby_names exists.
        work: a folder for what the peer keeps between its runs.
    """

    mode: Literal["full", "step"]
    csv: Path
    url: str
    work: Path

    @property
    def place(self) -> SplitResult:
        """The URL in its parts."""
        return urlsplit(self.url)


def from_command_line(description: str | None) -> Task:
    """Read ``full|step --csv FILE --url URL --work FOLDER``."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("mode", choices=("full", "step"))
    parser.add_argument("--csv", type=Path, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    return Task(options.mode, options.csv, options.url, options.work)


def through_staging(execute: Callable[[str], object], append: Callable[[str], object]) -> None:
    """Bring the table to a file: append the file to a table beside it, then upsert and delete from there.

    Args:
        execute: runs a statement.
        append: loads the file into the table of that name.
    """
    execute(_MAKE)
    append(STAGING)
    execute(_UPSERT)
    execute(_DELETE)
    execute(f"DROP TABLE {STAGING}")
