"""``python -m benchmarks.dagster``: measures what Dagster itself costs, prints tables, and last one line of JSON.

It ends with 1 when a goal is missed, and with 2 when something could not be measured.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from babynames_assets.emulators import dataset
from babynames_assets.warehouse import synced_years
from babynames_assets.warehouse.engine import Engine, connect, open_engine
from babynames_assets_tests.automation.proof import stage
from babynames_assets_tests.servers.databases import fresh_database
from babynames_assets_tests.servers.kinds import Kind, ServerError
from benchmarks.dagster import idle, storages
from benchmarks.dagster.idle import Idle
from benchmarks.dagster.storages import Backfill, backfill, with_tls
from benchmarks.goals import Goal, missed
from benchmarks.measure import BenchmarkError
from benchmarks.report import WIDTH
from benchmarks.servers import Server, running

GOALS = (Goal("dagster_overhead_seconds", "at most", 15.0, "a backfill of 145 years through four assets without work"),)
YEARS, QUICK_YEARS = 145, 20
STOCK_SECONDS, QUICK_STOCK_SECONDS = 900.0, 300.0
WATCHED_SECONDS = 60.0
FIRST_YEAR, RELEASE_ROWS = 1880, 2_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    try:
        with running(Kind.MYSQL) as server, tempfile.TemporaryDirectory(prefix="babynames-") as folder:
            measures, result = measure(server, Path(folder), options, console)
    except (BenchmarkError, ServerError) as error:
        sys.stderr.write(f"The benchmark stopped: {error}\n")
        return 2
    misses = [str(miss) for miss in missed("mysql", measures, excused={}, goals=GOALS)]
    for miss in misses:
        console.print(f"[red]missed:[/red] {miss}")
    sys.stdout.write(json.dumps({**measures, **result, "missed": misses}) + "\n")
    return 1 if misses else 0


def measure(
    server: Server, folder: Path, options: argparse.Namespace, console: Console
) -> tuple[dict[str, float], dict[str, Any]]:
    """All measurements: the goals' measures, and what stands behind them."""
    years = QUICK_YEARS if options.quick else YEARS
    limit = options.stock_seconds or (QUICK_STOCK_SECONDS if options.quick else STOCK_SECONDS)
    console.print(f"MySQL {server.version} as it ships, TLS; {years} years through four assets without work")
    found: dict[str, Backfill] = {}
    for number in range(options.repeat):
        found[f"ours_{number + 1}"] = backfill(
            server, storages.ours, folder / f"ours_{number + 1}", sys.executable, years=years, limit_seconds=600
        )
    unfinished = {}
    try:
        found["stock"] = backfill(
            server, storages.stock, folder / "stock", sys.executable, years=years, limit_seconds=limit
        )
    except BenchmarkError:
        unfinished["stock"] = f"did not end within {limit:.0f} s"
    at_rest = _rest(server, folder / "idle")
    show(console, found, unfinished, at_rest)
    seconds = sorted(one.seconds for name, one in found.items() if name != "stock")
    measures = {"dagster_overhead_seconds": round(seconds[len(seconds) // 2], 2)}
    if "stock" in found:
        measures["stock_vs_ours"] = round(found["stock"].seconds / seconds[len(seconds) // 2], 1)
    return measures, {
        "server": server.version,
        "years": years,
        "backfills": {name: asdict(one) for name, one in found.items()},
        "unfinished": unfinished,
        "idle": asdict(at_rest),
    }


def _rest(server: Server, home: Path) -> Idle:
    """Both on an installation in production that has brought a release of 145 years to HubSpot by itself."""
    home.mkdir()
    release = home / "release.csv"
    dataset.generate(release, seed=1880, first_year=FIRST_YEAR, last_year=FIRST_YEAR + YEARS - 1, rows=RELEASE_ROWS)
    module = "babynames_assets.definitions"
    with fresh_database(server.url) as url, stage(home, module=module, seconds=0) as installation:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BABYNAMES_")},
            **installation.environment,
            **storages.ours(home, with_tls(server, url)),
            "DAGSTER_HOME": str(home),
        }
        installation.publish(release)
        return idle.measure(
            home,
            environment,
            is_done=partial(_is_synced, installation.engine),
            looks=partial(_looks, url),
            seconds=WATCHED_SECONDS,
        )


def _is_synced(warehouse: Engine) -> bool:
    with connect(warehouse) as connection:
        return len(synced_years.read(connection)) == YEARS


def _looks(storage_url: str) -> int:
    engine = open_engine(SecretStr(storage_url))
    try:
        with connect(engine) as connection:
            return int(connection.exec_driver_sql("SELECT COUNT(*) FROM job_ticks").scalar_one())
    finally:
        engine.dispose()


def show(console: Console, found: Mapping[str, Backfill], unfinished: Mapping[str, str], at_rest: Idle) -> None:
    """Print both tables."""
    table = Table(title="One backfill without work")
    for name in ("storage", "seconds", "CPU s", "server's CPU s", "connections", "events"):
        table.add_column(name, justify="left" if name == "storage" else "right")
    for name, one in found.items():
        server_cpu = one.process.server_cpu_seconds
        numbers = (one.seconds, one.process.cpu_seconds, server_cpu)
        cells = ["-" if number is None else f"{number:.1f}" for number in numbers]
        table.add_row(name, *cells, f"{one.connections:,}", f"{one.events:,}")
    for name, reason in unfinished.items():
        table.add_row(name, reason)
    console.print(table)
    idle_table = Table(title=f"At rest, {at_rest.looks} looks of sensors in {WATCHED_SECONDS:.0f} s")
    for name in ("process, with its children", "CPU, of a core", "MiB", "processes"):
        idle_table.add_column(name, justify="left" if "," in name and "CPU" not in name else "right")
    for name, one_rest in at_rest.processes.items():
        idle_table.add_row(name, f"{one_rest.cpu_share:.1%}", f"{one_rest.rss_mib:,.0f}", str(one_rest.processes))
    console.print(idle_table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dagster", description=__doc__)
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_YEARS} years")
    parser.add_argument("--repeat", type=int, default=3, help="backfills over our storage")
    parser.add_argument("--stock-seconds", type=float, help="after so long dagster-mysql's own storage is stopped")
    return parser


if __name__ == "__main__":
    sys.exit(main())
