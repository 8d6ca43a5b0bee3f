"""Who is compared: this sync, and drt."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.emulator import DEFINITIONS, definition
from benchmarks.measure import BenchmarkError, run
from benchmarks.peers.drt_hubspot import ADDRESS, SYNC
from benchmarks.sync.beside import Explanation, asked, lines_of
from benchmarks.sync.hubspot import TOKEN, EmulatedHubSpot
from benchmarks.sync.syncs import command
from benchmarks.sync.warehouses import Filled


class Ours:
    """This project's sync, and its dead letters."""

    name = "ours"

    def __init__(self) -> None:
        self._warehouse: Filled | None = None
        self._folder = Path()

    def prepare(self, warehouse: Filled, folder: Path) -> None:
        """Begin anew."""
        self._warehouse, self._folder = warehouse, folder

    def ready(self, account: EmulatedHubSpot) -> None:
        """It makes its properties itself."""

    def send(self, account: EmulatedHubSpot) -> Sequence[str]:
        """One sync of all years."""
        warehouse = self._prepared()
        return [*command(warehouse.url, account, warehouse.years, self._folder), "--unlimited"]

    send_again = send

    def environment(self, account: EmulatedHubSpot) -> dict[str, str]:  # noqa: ARG002 - as the other's
        """None."""
        return {}

    def known(self) -> set[str]:
        """What the state does not call synced."""
        return self._prepared().unsettled()

    def explain(self, key: str) -> Explanation:
        """Its letter is found by the contact's year, and shown."""
        babynames = [sys.executable, "-m", "babynames_assets.cli", "dead-letters"]
        settings = {"BABYNAMES_WAREHOUSE__URL": self._prepared().url, "BABYNAMES_ENV_FILE": os.devnull}
        environment = {**os.environ, **settings}
        year = key.partition("-")[0]
        listed, first = asked([*babynames, "list", "--years", year, "--json"], environment)
        number = next((one["id"] for one in json.loads(listed)["letters"] if one["letter_key"] == key), None)
        if number is None:
            raise BenchmarkError(f"{key} was refused, and there is no dead letter of it.")
        shown, second = asked([*babynames, "show", str(number), "--json"], environment)
        letter = json.loads(shown)
        fields = {
            "reason": "message",
            "correlation_id": "correlation_id",
            "history": "history",
            "what_to_do": "what_to_do",
        }
        steps = [f"babynames dead-letters list --years {year}", f"babynames dead-letters show {number}"]
        return Explanation(first + second, steps, [name for name, field in fields.items() if letter.get(field)])

    def _prepared(self) -> Filled:
        if self._warehouse is None:
            raise BenchmarkError("Nothing is prepared.")
        return self._warehouse


class Drt:
    """drt, with its queue of dead letters, which it keeps when it is asked to."""

    name = "drt"

    def __init__(self, python: Path, log: Path) -> None:
        self._python, self._log, self._folder = python, log, Path()

    def prepare(self, warehouse: Filled, folder: Path) -> None:
        """Write its project."""
        self._folder = folder
        run("drt", [*self._program("prepare"), "--csv", str(warehouse.release.csv)], log=self._log)

    def ready(self, account: EmulatedHubSpot) -> None:
        """A person makes the properties for it."""
        account.add_properties([definition(*one) for one in DEFINITIONS])

    def send(self, account: EmulatedHubSpot) -> Sequence[str]:  # noqa: ARG002 - as the other's
        """One run of its sync."""
        return [*self._program("run"), "--", "run"]

    def send_again(self, account: EmulatedHubSpot) -> Sequence[str]:  # noqa: ARG002 - as the other's
        """Its queue once more."""
        return [*self._program("run"), "--", "retry", SYNC]

    def environment(self, account: EmulatedHubSpot) -> dict[str, str]:
        """Where HubSpot is, and the token."""
        return {ADDRESS: account.url, "HUBSPOT_TOKEN": TOKEN}

    def known(self) -> set[str]:
        """What stands in its queue."""
        return {letter["record"]["baby_name_key"] for letter in lines_of(self._queue())}

    def explain(self, key: str) -> Explanation:
        """Its status says how many letters there are, and no command shows one: the file is looked into."""
        environment = {**os.environ, ADDRESS: "http://127.0.0.1", "HUBSPOT_TOKEN": TOKEN}
        said, seconds = asked([*self._program("run"), "--", "status", "--verbose"], environment)
        started = time.perf_counter()
        letter = next(one for one in lines_of(self._queue()) if one["record"]["baby_name_key"] == key)
        seconds += time.perf_counter() - started
        steps = ["drt status --verbose", f"grep {key} .drt/dlq/{SYNC}.jsonl"]
        error = letter["error_message"]
        fields = {"reason": "message" in error or "message" in said, "correlation_id": "correlationId" in error}
        return Explanation(seconds, steps, [name for name, is_there in fields.items() if is_there])

    def _program(self, mode: str) -> list[str]:
        return [str(self._python), "-m", "benchmarks.peers.drt_hubspot", mode, "--work", str(self._folder)]

    def _queue(self) -> Path:
        return self._folder / ".drt" / "dlq" / f"{SYNC}.jsonl"


def missing_drt(python: Path) -> str | None:
    """Why drt cannot be had, or None."""
    try:
        done = subprocess.run([str(python), "-c", "import drt"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return f"not available: there is no {python}; run make bench-sync"
    return f"not available: {done.stderr.strip().splitlines()[-1]}" if done.returncode else None
