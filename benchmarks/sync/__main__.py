"""``python -m benchmarks.sync``: measures the sync on one database, prints tables, and last one line of JSON.

It ends with 1 when a goal is missed, and with 2 when something could not be measured.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from babynames_assets.observability.logging import configure_logging
from babynames_assets_tests.servers.kinds import ServerError
from benchmarks.contestants import PEERS_PYTHON
from benchmarks.measure import BenchmarkError
from benchmarks.report import WIDTH
from benchmarks.sync.allowance import TIERS
from benchmarks.sync.measuring import FULL, QUICK, Archives, Sizes, measure
from benchmarks.sync.report import show
from benchmarks.sync.warehouses import KINDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        The exit code.
    """
    options = _parser().parse_args(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    configure_logging("warning")
    try:
        result, misses = measure(
            options.server,
            _sizes(options),
            options.peers_python,
            console.print,
            limits=options.limits,
            archives=Archives(options.dataset, options.step),
        )
    except (BenchmarkError, ServerError) as error:
        sys.stderr.write(f"The benchmark stopped: {error}\n")
        return 2
    show(console, result)
    for miss in misses:
        console.print(f"[red]missed:[/red] {miss}")
    sys.stdout.write(json.dumps({**result, "missed": [str(miss) for miss in misses]}) + "\n")
    return 1 if misses else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sync", description=__doc__)
    parser.add_argument("--server", choices=KINDS, default="sqlite", help="where the table and the state are")
    parser.add_argument("--dataset", type=Path, help="a release as Kaggle has it, for the yearly step")
    parser.add_argument("--step", type=Path, help="the release that follows it")
    parser.add_argument("--quick", action="store_true", help="shorter, with fewer contacts")
    parser.add_argument("--limits", type=int, nargs="+", choices=TIERS, default=list(TIERS), help="calls in 10 s")
    parser.add_argument("--seconds", type=float, help="how long two processes send at each limit")
    parser.add_argument("--pending", type=int, help="rows of the table for the engine")
    parser.add_argument("--batches", type=int, help="batches after which the engine ends")
    parser.add_argument("--contacts", type=int, help="contacts that are sent beside drt")
    parser.add_argument("--peers-python", type=Path, default=PEERS_PYTHON, help="the interpreter that has drt")
    return parser


def _sizes(options: argparse.Namespace) -> Sizes:
    given = {name: getattr(options, name) for name in ("seconds", "pending", "batches", "contacts")}
    return replace(QUICK if options.quick else FULL, **{name: value for name, value in given.items() if value})


if __name__ == "__main__":
    sys.exit(main())
