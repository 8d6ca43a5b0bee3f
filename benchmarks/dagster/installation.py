"""Dagster's daemon and webserver on an installation that has brought a release of 145 years to HubSpot by itself."""

import os
from functools import partial
from pathlib import Path

from pydantic import SecretStr

from babynames_assets.emulators import dataset
from babynames_assets.warehouse import synced_years
from babynames_assets.warehouse.engine import Engine, connect, open_engine
from babynames_assets_tests.automation.proof import stage
from babynames_assets_tests.servers.databases import fresh_database
from benchmarks.dagster import storages
from benchmarks.dagster.idle import Idle, measure
from benchmarks.dagster.storages import with_tls
from benchmarks.servers import Server

_FIRST_YEAR, _LAST_YEAR, _ROWS = 1880, 2024, 2_000


def at_rest(server: Server, home: Path, *, seconds: float) -> Idle:
    """Watch both for so many seconds.

    Args:
        server: keeps Dagster's books.
        home: the folder of the installation, which does not exist.
        seconds: how long they are watched.
    """
    home.mkdir()
    release = home / "release.csv"
    dataset.generate(release, seed=1880, first_year=_FIRST_YEAR, last_year=_LAST_YEAR, rows=_ROWS)
    module = "babynames_assets.definitions"
    with fresh_database(server.url) as url, stage(home, module=module, seconds=0) as installation:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BABYNAMES_")},
            **installation.environment,
            **storages.ours(home, with_tls(server, url)),
            "DAGSTER_HOME": str(home),
        }
        installation.publish(release)
        return measure(
            home,
            environment,
            is_done=partial(_is_synced, installation.engine),
            looks=partial(_looks, url),
            seconds=seconds,
        )


def _is_synced(warehouse: Engine) -> bool:
    with connect(warehouse) as connection:
        return len(synced_years.read(connection)) == _LAST_YEAR - _FIRST_YEAR + 1


def _looks(storage_url: str) -> int:
    engine = open_engine(SecretStr(storage_url))
    try:
        with connect(engine) as connection:
            return int(connection.exec_driver_sql("SELECT COUNT(*) FROM job_ticks").scalar_one())
    finally:
        engine.dispose()
