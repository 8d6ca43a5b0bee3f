"""``make automation-proof`` and ``make quiet-ticks``: the proofs of automation at full length, with their figures."""

import argparse
import datetime as dt
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import dagster as dg

from babynames_assets.emulators import dataset
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.warehouse import sync_differences
from babynames_assets.warehouse.engine import connect
from babynames_assets_tests.automation import quiet_ticks
from babynames_assets_tests.automation.daemons import Daemon
from babynames_assets_tests.automation.proof import Proof, Stage, appears, stage
from babynames_assets_tests.instance.homes import EMBEDDED, PRODUCTION, make_home
from babynames_assets_tests.servers.databases import fresh_database
from babynames_assets_tests.servers.kinds import Kind
from babynames_assets_tests.servers.provision import server

MODULE = "babynames_assets.definitions"
FIRST, LAST = 1880, 2023
FILES = "files"


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments, and do it."""
    parser = argparse.ArgumentParser(prog="automation")
    parser.add_argument("proof", choices=["releases", "quiet"])
    parser.add_argument("--dataset", type=Path, help="The release that appears first. Empty: a generated one.")
    parser.add_argument("--step", type=Path, help="The release that appears then. Empty: a generated one.")
    parser.add_argument(
        "--storage",
        choices=[FILES, *(kind.value for kind in Kind)],
        default=FILES,
        help="Where Dagster keeps its books: files as in a checkout, or a server as in production.",
    )
    parser.add_argument("--ticks", type=int, default=10_000, help="Looks of all sensors together.")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="babynames-automation-") as folder:
        if chosen.proof == "quiet":
            _quiet(Path(folder), chosen.ticks, chosen.storage)
        else:
            _releases(Path(folder), [chosen.dataset or _generated(folder, 0), chosen.step or _generated(folder, 1)])


def _releases(folder: Path, files: Sequence[Path]) -> None:
    """Let both appear, with the product's own definitions and intervals, but for how often Kaggle is asked."""
    with stage(folder, module=MODULE, seconds=7200, AUTOMATION__KAGGLE_SECONDS="30") as here, here.daemon() as daemon:
        before = 0
        for number, file in enumerate(files, start=1):
            proof = appears(here, daemon, file, partial(_is_complete, here, daemon, before), first=before)
            before += len(proof.runs)
            print(f"Release {number}, {file.name}: complete after {proof.seconds:,.0f} s", flush=True)  # noqa: T201 - what the command is run for
            _say(here, proof)


def _is_complete(here: Stage, daemon: Daemon, before: int) -> bool:
    """Whether the runs that followed have ended and left nothing to be sent or archived."""
    runs = daemon.runs()[before:]
    if len(runs) < 2 or any(run.status not in ("SUCCESS", "FAILURE", "CANCELED") for run in runs):
        return False
    with connect(here.engine) as connection:
        found = sync_differences.counts(connection, None, MAPPING)
    return not found.pending and not found.to_remove


def _say(here: Stage, proof: Proof) -> None:
    with connect(here.engine) as connection:
        found = sync_differences.counts(connection, None, MAPPING)
    stats = here.hubspot.stats()
    lines = [f"  {run}" for run in proof.runs]
    lines += [
        f"  {len(proof.runs)} runs; contacts: {found}",
        f"  HubSpot: {stats}",
    ]
    lines += [f"  check {name}: {'passed' if passed else 'FAILED'}" for name, passed in sorted(proof.checks.items())]
    print("\n".join(lines), flush=True)  # noqa: T201 - as above


def _quiet(folder: Path, ticks: int, storage: str) -> None:
    home = make_home(folder, EMBEDDED if storage == FILES else PRODUCTION)
    with stage(folder, module=MODULE, seconds=600) as here, _storage(storage) as settings:
        quiet_ticks.put_into_environment({**here.environment, **settings})
        here.publish(_generated(folder, 0))
        with dg.DagsterInstance.from_config(str(home)) as instance:
            quiet_ticks.materialize_everything(instance, FIRST, LAST)
            with quiet_ticks.quiet(instance, home) as quiet:
                _look(quiet, ticks)


@contextmanager
def _storage(storage: str) -> Iterator[dict[str, str]]:
    """The settings that name where Dagster keeps its books."""
    if storage == FILES:
        yield {}
        return
    with server(Kind(storage)) as server_url, fresh_database(server_url) as url:
        yield {"BABYNAMES_DAGSTER__STORAGE_URL": url}


def _look(quiet: quiet_ticks.Quiet, ticks: int) -> None:
    """Look in eight stretches over four weeks: by then old ticks have long been purged."""
    quiet.look(1, every=dt.timedelta(minutes=1))
    at_once = quiet.standing().ticks
    times = -(-ticks // at_once // 8)
    every, began = dt.timedelta(weeks=4) / (8 * times), time.monotonic()
    for stretch in range(9):
        if stretch:
            quiet.look(times, every=every)
        looks, seconds = quiet.looks * at_once, time.monotonic() - began
        print(f"{looks:>6} looks, {seconds:>5,.0f} s: {quiet.standing()}", flush=True)  # noqa: T201 - what the command is run for
    print("failed looks:", quiet.failures() or "none")  # noqa: T201 - as above


def _generated(folder: str | Path, revision: int) -> Path:
    file = Path(folder) / f"release-{revision}.csv"
    dataset.generate(file, seed=7, first_year=FIRST, last_year=LAST, rows=2_000, revision=revision)
    return file


if __name__ == "__main__":
    main()
