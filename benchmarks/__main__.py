"""``python -m benchmarks``: measures everything on private servers, prints tables, and last one line of JSON.

It ends with 1 when a goal is missed, and with 2 when something could not be measured.
"""

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from rich.console import Console

from babynames_assets.observability.logging import configure_logging
from babynames_assets_tests.servers.kinds import Kind, ServerError
from benchmarks import datasets
from benchmarks.contestants import PEERS, PEERS_PYTHON, Contestants, Plan, missing_peers
from benchmarks.datasets import Datasets
from benchmarks.goals import Miss, missed
from benchmarks.measure import BenchmarkError
from benchmarks.report import WIDTH, as_json, show
from benchmarks.results import measures, numbers
from benchmarks.servers import running
from benchmarks.sync import measuring
from benchmarks.sync import report as sync_report
from benchmarks.sync.warehouses import SQLITE

_SERVERS = {"mysql": [Kind.MYSQL], "mariadb": [Kind.MARIADB], "both": list(Kind)}
_REPEAT, _QUICK_REPEAT = 3, 2
_SMALL_ROWS = 1_000_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    configure_logging("warning")
    try:
        result, misses = _measure_all(options, console)
    except (BenchmarkError, ServerError) as error:
        sys.stderr.write(f"The benchmark stopped: {error}\n")
        return 2
    _conclude(console, result, misses)
    return 1 if misses else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--server", choices=list(_SERVERS), default="both")
    parser.add_argument("--dataset", type=Path, help="the release to load, a ZIP file; without it one is generated")
    parser.add_argument("--step", type=Path, help="the release after it; without it one is made of it")
    parser.add_argument("--quick", action="store_true", help="about 200,000 rows")
    parser.add_argument("--sync", action="store_true", help="the sync too, with its state in SQLite")
    parser.add_argument("--repeat", type=int, help="rounds of the bare load, this project and Dagster: 3, quick 2")
    parser.add_argument("--peer-repeat", type=int, default=1, help="runs of each peer")
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON, help="the interpreter that has the peers")
    return parser


def _measure_all(options: argparse.Namespace, console: Console) -> tuple[dict[str, Any], list[Miss]]:
    plan = Plan(
        repeat=max(1, options.repeat or (_QUICK_REPEAT if options.quick else _REPEAT)),
        peer_repeat=max(1, options.peer_repeat),
        peers_python=options.peers_python,
        peers_missing=missing_peers(options.peers_python),
    )
    with tempfile.TemporaryDirectory(prefix="babynames-bench-") as name:
        folder = Path(name)
        data = _make_data(folder, options)
        rows = data.release.content.rows
        console.print(f"{data.name}: {rows:,} rows, the next release {data.next_release.content.rows:,}")
        servers, misses = {}, []
        for kind in _SERVERS[options.server]:
            servers[kind.value], found = _measure_server(kind, data, plan, folder, console)
            misses += found
    sync, found = _measure_sync(options, console) if options.sync else ({}, [])
    misses += found
    about = {"dataset": data.name, "rows": rows, "repeat": plan.repeat, "peer_repeat": plan.peer_repeat}
    own_rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        **servers,
        **sync,
        "run": {**about, "harness_max_rss": own_rss},
        "missed": [str(miss) for miss in misses],
    }, misses


def _measure_sync(options: argparse.Namespace, console: Console) -> tuple[dict[str, Any], list[Miss]]:
    """The sync as ``python -m benchmarks.sync`` measures it: its measures, under their names, and ``sync``."""
    found, misses = measuring.measure(
        SQLITE,
        measuring.FULL,
        options.peers_python,
        console.print,
        archives=measuring.Archives(options.dataset, options.step),
    )
    sync_report.show(console, found)
    return {**found, "sync": found["run"]}, misses


def _make_data(folder: Path, options: argparse.Namespace) -> Datasets:
    """In a process of its own: what this process grows to is the least that can be measured of another."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as worker:
        return worker.submit(
            datasets.make, folder, archive=options.dataset, step=options.step, quick=options.quick
        ).result()


def _measure_server(
    kind: Kind, data: Datasets, plan: Plan, folder: Path, console: Console
) -> tuple[dict[str, Any], list[Miss]]:
    with running(kind) as server:
        samples = Contestants(server, data, plan, folder, console.print).run_all()
        found = measures(samples, [peer for peer in PEERS if peer not in plan.peers_missing])
        misses = missed(kind.value, numbers(found), excused=plan.peers_missing)
        return as_json(found, samples, version=server.version, missing_peers=plan.peers_missing), misses


def _conclude(console: Console, result: dict[str, Any], misses: list[Miss]) -> None:
    show(console, {name: result[name] for name in result if name in _SERVERS})
    if misses and result["run"]["rows"] < _SMALL_ROWS:
        console.print("The goals are set for the whole history; with few rows the start of a process weighs more.")
    for miss in misses:
        console.print(f"[red]missed:[/red] {miss}")
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    sys.exit(main())
