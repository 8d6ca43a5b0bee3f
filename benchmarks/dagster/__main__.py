"""``python -m benchmarks.dagster``: measures what Dagster itself costs, prints tables, and last one line of JSON.

It ends with 1 when a goal is missed, and with 2 when something could not be measured.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median_high
from typing import Any

from rich.console import Console
from rich.table import Table

from babynames_assets_tests.servers.kinds import Kind, ServerError
from benchmarks.dagster import storages
from benchmarks.dagster.idle import Idle
from benchmarks.dagster.storages import Backfill, backfill
from benchmarks.goals import Goal, missed
from benchmarks.measure import BenchmarkError, run
from benchmarks.report import WIDTH
from benchmarks.servers import Server, running

GOALS = (
    Goal("dagster_overhead_seconds", "at most", 15.0, "a backfill of 145 years through four assets without work"),
    Goal("import_seconds", "at most", 3.0, "a process that imports the code location"),
)
YEARS, QUICK_YEARS = 145, 20
STOCK_SECONDS, QUICK_STOCK_SECONDS = 900.0, 300.0
WATCHED_SECONDS = 60.0


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
    # Only now: what it imports is large, and would be counted as the memory of the processes above.
    from benchmarks.dagster.installation import at_rest  # noqa: PLC0415 - as said

    idle = at_rest(server, folder / "idle", seconds=WATCHED_SECONDS)
    imports = [_import_seconds(folder) for _ in range(options.repeat)]
    show(console, found, unfinished, idle)
    ours = median_high(one.seconds for name, one in found.items() if name != "stock")
    measures = {"dagster_overhead_seconds": round(ours, 2), "import_seconds": round(median_high(imports), 2)}
    if "stock" in found:
        measures["stock_vs_ours"] = round(found["stock"].seconds / ours, 1)
    return measures, {
        "server": server.version,
        "years": years,
        "backfills": {name: asdict(one) for name, one in found.items()},
        "unfinished": unfinished,
        "idle": asdict(idle),
    }


def _import_seconds(folder: Path) -> float:
    command = [sys.executable, "-c", "import babynames_assets.definitions"]
    return run("import", command, log=folder / "import.log").seconds


def show(console: Console, found: Mapping[str, Backfill], unfinished: Mapping[str, str], idle: Idle) -> None:
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
    idle_table = Table(title=f"At rest, {idle.looks} looks of sensors in {WATCHED_SECONDS:.0f} s")
    for name in ("process, with its children", "CPU, of a core", "MiB", "processes"):
        idle_table.add_column(name, justify="left" if "," in name and "CPU" not in name else "right")
    for name, one_rest in idle.processes.items():
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
