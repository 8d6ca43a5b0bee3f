"""This sync beside drt: the same contacts to the same emulator, on a good day and in a storm.

Neither has a limit to keep, so that both end soon: what is compared is the calls that they make and what becomes of the
contacts, and neither depends on the pace.
"""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.measure import CHECKOUT, BenchmarkError, run
from benchmarks.sync import hubspot
from benchmarks.sync.bad_days import STORM, Aftermath, aftermath, refused_of
from benchmarks.sync.hubspot import NO_LIMITS, EmulatedHubSpot
from benchmarks.sync.warehouses import Filled, Warehouses


@dataclass(frozen=True)
class Explanation:
    """How one finds out about one refused contact.

    Attributes:
        seconds: of all steps.
        steps: commands that are run, and files that are looked into.
        has: what is said of it, of ``reason``, ``correlation_id``, ``history``, ``what_to_do``.
    """

    seconds: float
    steps: list[str]
    has: list[str]


class Contestant(Protocol):
    """Sends the contacts of a warehouse, and keeps books."""

    name: str

    def prepare(self, warehouse: Filled, folder: Path) -> None:
        """Begin anew, in a new folder."""

    def ready(self, account: EmulatedHubSpot) -> None:
        """Make an account ready, where the contestant does not do it itself."""

    def send(self, account: EmulatedHubSpot) -> Sequence[str]:
        """The command that sends what is to be sent."""

    def send_again(self, account: EmulatedHubSpot) -> Sequence[str]:
        """The command that sends what is not settled."""

    def environment(self, account: EmulatedHubSpot) -> dict[str, str]:
        """Variables of both commands."""

    def known(self) -> set[str]:
        """Keys of contacts of which its books do not say that they are sent."""

    def explain(self, key: str) -> Explanation:
        """Find out why a contact is refused."""


@dataclass(frozen=True)
class Compared:
    """What was found of one contestant.

    Attributes:
        calls: on a good day.
        seconds: of the process, on a good day.
        storm_calls: in the storm, repetitions included.
        storm_seconds: of the process, in the storm.
        aftermath: after one run in the storm.
        missing_afterwards: missing still, after it sent what was not settled on a good day.
        explanation: of one refused contact.
    """

    calls: int
    seconds: float
    storm_calls: int
    storm_seconds: float
    aftermath: Aftermath
    missing_afterwards: int
    explanation: Explanation

    def as_json(self) -> dict[str, Any]:
        """For the last line."""
        return {
            "calls": self.calls,
            "seconds": round(self.seconds, 2),
            "storm_calls": self.storm_calls,
            "storm_seconds": round(self.storm_seconds, 2),
            **{f"storm_{name}": count for name, count in asdict(self.aftermath).items()},
            "missing_afterwards": self.missing_afterwards,
            "explain_seconds": round(self.explanation.seconds, 2),
            "explain_steps": self.explanation.steps,
            "explain_has": self.explanation.has,
        }


def compare(contestant: Contestant, contacts: int, warehouses: Warehouses, *, folder: Path, log: Path) -> Compared:
    """Measure one contestant.

    Args:
        contestant: who.
        contacts: about how many; each is sent twice, to two accounts.
        warehouses: where the rows come from.
        folder: for state.
        log: for what the processes print.
    """

    def sent(account: EmulatedHubSpot, command: Callable[[EmulatedHubSpot], Sequence[str]]) -> float:
        return run(
            contestant.name,
            list(command(account)),
            log=log,
            environment=contestant.environment(account),
            good=(0, 1),  # drt ends with 1 when a contact was refused
        ).seconds

    with warehouses.filled(contacts) as warehouse, hubspot.running(NO_LIMITS) as account:
        contestant.prepare(warehouse, folder / f"{contestant.name}_calm")
        contestant.ready(account)
        account.count_anew()
        seconds, calls = sent(account, contestant.send), account.stats()["requests"]
        if account.births() != warehouse.wanted():
            raise BenchmarkError(f"{contestant.name} did not bring the contacts to HubSpot on a good day; see {log}.")
    with warehouses.filled(contacts) as warehouse, hubspot.running(NO_LIMITS) as account:
        contestant.prepare(warehouse, folder / f"{contestant.name}_storm")
        contestant.ready(account)
        account.count_anew()
        account.order(STORM)
        storm_seconds, storm_calls = sent(account, contestant.send), account.stats()["requests"]
        account.end_faults()
        wanted, known = warehouse.wanted(), contestant.known()
        found = aftermath(wanted, account.births(), known)
        explanation = contestant.explain(min(known & refused_of(wanted)))
        sent(account, contestant.send_again)
        afterwards = aftermath(wanted, account.births(), set()).missing
    return Compared(calls, seconds, storm_calls, storm_seconds, found, afterwards, explanation)


def asked(command: Sequence[str], environment: dict[str, str]) -> tuple[str, float]:
    """What a command prints for a person, and how long it takes."""
    started = time.perf_counter()
    done = subprocess.run(
        list(command), cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode:
        raise BenchmarkError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout, time.perf_counter() - started


def lines_of(path: Path) -> list[dict[str, Any]]:
    """A file of JSON lines; none where there is no file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.is_file() else []
