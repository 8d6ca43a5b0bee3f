"""Dagster's storages that are compared: ours, and dagster-mysql's as it ships; both on one server, with TLS."""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from babynames_assets_tests.servers.databases import fresh_database
from benchmarks.dagster.backfill import RESULT
from benchmarks.measure import CHECKOUT, BenchmarkError, Sample, run
from benchmarks.servers import Server

STOCK = """
telemetry: {{ enabled: false }}
storage: {{ mysql: {{ mysql_url: "{url}" }} }}
"""


@dataclass(frozen=True)
class Backfill:
    """One backfill.

    Attributes:
        seconds: from the run's creation to its end.
        events: that Dagster stored.
        connections: that the server accepted meanwhile.
        process: the whole process.
    """

    seconds: float
    events: int
    connections: int
    process: Sample


def ours(home: Path, url: str) -> Mapping[str, str]:
    """The instance that deploy/dagster.yaml describes; gives its environment."""
    shutil.copyfile(CHECKOUT / "deploy" / "dagster.yaml", home / "dagster.yaml")
    return {"BABYNAMES_DAGSTER__STORAGE_URL": url}


def stock(home: Path, url: str) -> Mapping[str, str]:
    """dagster-mysql as its documentation has it. Its driver uses TLS wherever the server offers it."""
    plain = sa.make_url(url).set(drivername="mysql+mysqlconnector", query={})
    (home / "dagster.yaml").write_text(STOCK.format(url=plain.render_as_string(hide_password=False)), encoding="utf-8")
    return {}


def with_tls(server: Server, url: str) -> str:
    """The URL with the server's own authority: its certificate is checked.

    Raises:
        BenchmarkError: it has none.
    """
    authority = server.data_folder / "ca.pem"
    if not authority.is_file():
        raise BenchmarkError(f"The server {server.version} made no certificate in {server.data_folder}: use MySQL.")
    # It is made out to no name that a client could know.
    secured = sa.make_url(url).update_query_dict({"ssl_ca": str(authority), "ssl_check_hostname": "false"})
    return secured.render_as_string(hide_password=False)


def backfill(
    server: Server,
    configure: Callable[[Path, str], Mapping[str, str]],
    home: Path,
    python: str,
    *,
    years: int,
    limit_seconds: float,
) -> Backfill:
    """Run one backfill in a process of its own, on an empty database.

    Args:
        server: where the database is made.
        configure: writes dagster.yaml into the home.
        home: a folder.
        python: the interpreter.
        years: how many.
        limit_seconds: after so long it is killed.

    Raises:
        BenchmarkError: it failed, or took longer.
    """
    home.mkdir(parents=True)
    with fresh_database(server.url) as url:
        environment = {
            **configure(home, with_tls(server, url)),
            "DAGSTER_HOME": str(home),
            "BABYNAMES_ENV_FILE": str(home / "none.env"),
        }
        before = server.connections()
        process = run(
            home.name,
            [python, "-m", "benchmarks.dagster.backfill", str(home), str(years)],
            log=home / "log",
            server_cpu=server.cpu_seconds,
            environment=environment,
            limit_seconds=limit_seconds,
        )
        found = json.loads((home / RESULT).read_text(encoding="utf-8"))
        return Backfill(found["seconds"], found["events"], server.connections() - before, process)
