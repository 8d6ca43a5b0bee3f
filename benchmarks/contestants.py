"""Everything that is measured on one server, each thing as a process of its own, on a fresh table."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import phases
from benchmarks.datasets import Datasets, Release
from benchmarks.measure import CHECKOUT, BenchmarkError, Sample, Samples, run
from benchmarks.servers import Server

PEERS = {
    "polars": "polars_write_database",
    "sqlalchemy": "sqlalchemy_core",
    "pandas": "pandas_to_sql",
    "dlt": "dlt_merge",
    "duckdb": "duckdb_mysql",
}
_DAGSTER = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "babynames_assets.definitions", "--select"]


@dataclass(frozen=True)
class Plan:
    """How often and with what.

    Attributes:
        repeat: runs of the bare load, of this project and of Dagster, in turns.
        peer_repeat: runs of each peer.
        peers_python: the interpreter that has the peers.
        peers_missing: peers that cannot be had, with the reason.
    """

    repeat: int
    peer_repeat: int
    peers_python: Path
    peers_missing: dict[str, str]


def missing_peers(python: Path) -> dict[str, str]:
    """The peers that an interpreter cannot import, with the last line of what it says."""
    missing = {}
    for peer, module in PEERS.items():
        try:
            done = subprocess.run(
                [str(python), "-c", f"import benchmarks.peers.{module}"],
                cwd=CHECKOUT,
                capture_output=True,
                text=True,
                check=False,
            )
        except FileNotFoundError:
            missing[peer] = f"not available: there is no {python}; run make bench"
        else:
            if done.returncode:
                missing[peer] = f"not available: {done.stderr.strip().splitlines()[-1]}"
    return missing


class Contestants:
    """Runs each thing on one server and keeps the samples."""

    def __init__(self, server: Server, data: Datasets, plan: Plan, folder: Path, say: Callable[[str], None]) -> None:
        """Prepare; nothing runs yet.

        Args:
            server: where the tables are.
            data: the files.
            plan: how often and with what.
            folder: for logs and state.
            say: takes a line for a person.
        """
        self.samples = Samples()
        self._server, self._data, self._plan, self._folder, self._say = server, data, plan, folder, say
        self._log = folder / f"{server.kind}.log"
        self._phases = folder / "phases.json"
        self._years = (data.release.years[0], data.next_release.years[1])

    def run_all(self) -> Samples:
        """All rounds: what is compared runs in turns, so that a busy minute of the machine hits all alike."""
        for number in range(max(self._plan.repeat, self._plan.peer_repeat)):
            if number < self._plan.repeat:
                self._bare("bare", self._data.release.csv)
                self._bare("bare_sorted", self._data.sorted_csv)
                self._ours()
                self._dagster()
            if number < self._plan.peer_repeat:
                for peer in [peer for peer in PEERS if peer not in self._plan.peers_missing]:
                    self._peer(peer)
        for times, release in self._data.scaled.items():
            self._scaled(f"ours_{times}x", release)
        return self.samples

    def _bare(self, name: str, csv: Path) -> None:
        with self._server.warehouse(self._years) as url:
            self._measure(name, [sys.executable, "-m", "benchmarks.bare", "--csv", str(csv), "--url", url])
            self._check(name, url, self._data.release)

    def _ours(self) -> None:
        with self._server.warehouse(self._years) as url, self._state() as state:
            ours = self._our_command(state, url)
            release, following = self._data.release, self._data.next_release
            for name, wanted in (("ours", release), ("ours_step", following), ("ours_rerun", following)):
                self._measure(name, [*ours, "--archive", str(wanted.archive)])
                self._check(name, url, wanted)
            self._measure("startup", ours)

    def _scaled(self, name: str, release: Release) -> None:
        with self._server.warehouse(self._years) as url, self._state() as state:
            self._measure(name, [*self._our_command(state, url), "--archive", str(release.archive)])
            self._check(name, url, release)

    def _our_command(self, state: Path, url: str) -> list[str]:
        place = ["--state", str(state), "--url", url, "--phases", str(self._phases)]
        return [sys.executable, "-m", "benchmarks.ours", *place]

    def _dagster(self) -> None:
        """The file in one run, then all years in another: Dagster's command takes a range for yearly assets only."""
        first, last = self._data.release.years
        with self._server.warehouse(self._years) as url, self._state() as state:
            home = state / "dagster"
            home.mkdir()
            shutil.copyfile(CHECKOUT / "dagster.yaml", home / "dagster.yaml")
            environment = {
                "DAGSTER_HOME": str(home),
                "BABYNAMES_ENV_FILE": "/dev/null",
                "BABYNAMES_STATE_FOLDER": str(state),
                "BABYNAMES_WAREHOUSE__URL": url,
                "BABYNAMES_INGEST__LANDING_FOLDER": str(self._data.release.archive.parent),
            }
            file = self._run("dagster", [*_DAGSTER, "raw/baby_names_csv"], environment)
            yearly = "validated/baby_names,warehouse/baby_names"
            years = self._run("dagster", [*_DAGSTER, yearly, "--partition-range", f"{first}...{last}"], environment)
            self._add("dagster", file.then(years))
            self._check("dagster", url, self._data.release)

    def _peer(self, peer: str) -> None:
        with self._server.warehouse(self._years) as url, self._state() as work:
            program = [str(self._plan.peers_python), "-m", f"benchmarks.peers.{PEERS[peer]}"]
            place = ["--url", url, "--work", str(work)]
            for mode, name, release in (
                ("full", peer, self._data.release),
                ("step", f"{peer}_step", self._data.next_release),
            ):
                self._measure(name, [*program, mode, "--csv", str(release.csv), *place])
                self._check(name, url, release)

    def _measure(self, name: str, command: list[str]) -> None:
        sample = self._run(name, command, None)
        self._add(name, replace(sample, phases=phases.read(self._phases)))

    def _run(self, name: str, command: list[str], environment: dict[str, str] | None) -> Sample:
        return run(name, command, log=self._log, server_cpu=self._server.cpu_seconds, environment=environment)

    def _add(self, name: str, sample: Sample) -> None:
        self.samples.add(name, sample)
        self._say(f"{self._server.kind} {name}: {sample.seconds:.2f} s, {sample.rss_bytes / 2**20:.0f} MiB")

    def _check(self, name: str, url: str, release: Release) -> None:
        """Refuse a contestant that did not do the work."""
        found = self._server.content(url)
        if found != release.content:
            raise BenchmarkError(f"{name} left {found} in the table of {self._server.kind}, not {release.content}.")

    @contextmanager
    def _state(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            yield Path(folder)
