"""A private server, and in it a fresh migrated warehouse for each contestant."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from os import sysconf
from pathlib import Path
from typing import Any

import pymysql
import sqlalchemy as sa
from pydantic import SecretStr

from babynames_assets.warehouse.engine import open_engine
from babynames_assets.warehouse.migrations import up
from babynames_assets.warehouse.partitioning import ensure_years
from babynames_assets_tests.servers import provision
from babynames_assets_tests.servers.databases import fresh_database
from babynames_assets_tests.servers.kinds import Kind
from benchmarks.datasets import Content

_CONTENT = (
    "SELECT COUNT(*), COALESCE(SUM(births), 0), COALESCE(SUM(CRC32(CONCAT_WS(',', year, sex, name, births))), 0) "
    "FROM baby_names"
)


class Server:
    """A running server."""

    def __init__(self, kind: Kind, url: str) -> None:
        self.kind, self.url = kind, url
        version, pid_file, data = self._row("SELECT VERSION(), @@pid_file, @@datadir")
        self.version = str(version)
        self.data_folder = Path(str(data))
        self._statistics = _statistics(self.data_folder / str(pid_file))

    def cpu_seconds(self) -> float | None:
        """CPU that the server has used since it started; None where it runs elsewhere or the system does not tell."""
        if self._statistics is None:
            return None
        # The name in the second field may hold blanks.
        fields = self._statistics.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / sysconf("SC_CLK_TCK")

    def connections(self) -> int:
        """Connections that the server has accepted since it started, this one included."""
        return int(self._row("SHOW GLOBAL STATUS LIKE 'Connections'")[1])

    @contextmanager
    def warehouse(self, years: tuple[int, int]) -> Iterator[str]:
        """The URL of an empty warehouse: migrated, with its partitions, gone afterwards."""
        with fresh_database(self.url) as url:
            engine = open_engine(SecretStr(url))
            try:
                up(engine)
                ensure_years(engine, *years)
            finally:
                engine.dispose()
            try:
                yield url
            finally:
                self._drop_staging(url)

    def content(self, url: str) -> Content:
        """What the table of names holds now."""
        rows, births, checksum = self._row(_CONTENT, url)
        return Content(int(rows), int(births), int(checksum))

    def _drop_staging(self, url: str) -> None:
        """A merge of dlt's leaves a database of its own beside the one that it was given."""
        name = sa.make_url(url).database
        self._row(f"DROP DATABASE IF EXISTS {name}_staging")

    def _row(self, query: str, url: str = "") -> tuple[Any, ...]:
        place = sa.make_url(url or self.url)
        password = str(place.password or "")
        with (
            pymysql.connect(
                host=place.host,
                port=place.port or 3306,
                user=place.username,
                password=password,
                database=place.database,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query)
            return tuple(cursor.fetchone() or ())


@contextmanager
def running(kind: Kind) -> Iterator[Server]:
    """A server of a kind as it ships: a commit is on the disk, and there is a binary log where that is the default."""
    with provision.server(kind, durable=True) as url:
        yield Server(kind, url)


def _statistics(pid_file: Path) -> Path | None:
    try:
        pid = re.sub(r"\D", "", pid_file.read_text(encoding="ascii"))
    except OSError:
        return None
    found = Path("/proc") / pid / "stat"
    return found if found.is_file() else None
