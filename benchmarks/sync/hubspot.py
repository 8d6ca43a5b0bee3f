"""The emulated HubSpot as a process of its own, and what it tells of a client."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import CHECKOUT, BenchmarkError

TOKEN = "pat-benchmark"  # noqa: S105 - of an emulator that lives as long as the benchmark
NO_LIMITS = ("--calls-per-window", "0", "--daily-limit", "0", "--latency", "0")

_TIMEOUT = 60


@dataclass(frozen=True)
class EmulatedHubSpot:
    """A running emulator.

    Attributes:
        url: its address.
        pid: its process.
    """

    url: str
    pid: int

    def stats(self) -> dict[str, Any]:
        """What came in so far."""
        stats: dict[str, Any] = self._call("GET", "/_stats")
        return stats

    def count_anew(self) -> None:
        """Forget what came in so far."""
        self._call("DELETE", "/_stats")

    def order(self, storm: Mapping[str, object]) -> None:
        """Have bad days from now on."""
        self._call("POST", "/_faults", storm)

    def end_faults(self) -> None:
        """Have good days from now on."""
        self._call("DELETE", "/_faults")

    def births(self) -> dict[str, str]:
        """The contacts that it holds: births by key."""
        found: dict[str, str] = {}
        after: str | None = "0"
        while after is not None:
            page = self._call("GET", f"/_contacts?after={after}")
            contacts = (contact["properties"] for contact in page["results"])
            found |= {contact["baby_name_key"]: contact["births"] for contact in contacts}
            after = page["after"]
        return found

    def add_properties(self, definitions: Sequence[Mapping[str, object]]) -> None:
        """Make the account ready for a client that does not do so itself."""
        for definition in definitions:
            self._call("POST", "/crm/v3/properties/contacts", definition)

    def _call(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(  # noqa: S310 - its own address
            self.url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - as above
            text = answer.read()
        return json.loads(text) if text else None


@contextmanager
def running(options: Sequence[str]) -> Iterator[EmulatedHubSpot]:
    """An emulator with these options of ``babynames emulate hubspot``, which ends with the block."""
    command = [sys.executable, "-m", "babynames_assets.cli", "emulate", "hubspot", "--token", TOKEN, *options]
    with subprocess.Popen(
        [*command, "--stop-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise BenchmarkError("The emulator has no pipes.")
        line = process.stdout.readline()
        if not line:
            raise BenchmarkError("The emulator did not start.")
        try:
            yield EmulatedHubSpot(json.loads(line)["url"], process.pid)
        finally:
            process.stdin.close()
