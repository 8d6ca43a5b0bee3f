"""Lets syncs run through storms, kills and crashes of their database, and counts what went wrong."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.rows import NEW, delete, upsert
from babynames_assets.warehouse.tables import METADATA, baby_names
from babynames_assets_tests.crashing.warehouses import settle, warehouse
from babynames_assets_tests.hubspot.emulated import Emulated, emulated_hubspot
from babynames_assets_tests.hubspot.oauth_client import APP
from babynames_assets_tests.servers.private import PrivateServer
from babynames_assets_tests.sync.crashing import checker
from babynames_assets_tests.sync.crashing.checker import Fault
from babynames_assets_tests.sync.crashing.plans import Key, RunPlan, Step, Table
from babynames_assets_tests.sync.crashing.syncers import SyncerError, Syncers

_END_SECONDS = 120.0
_TRIES = 15
"""So often is a sync repeated at most until it ends well."""

_SHOWN = 5


@dataclass
class Tally:
    """What a campaign did and found.

    Attributes:
        runs: runs that were made.
        calm: those of them without any fault.
        kills: syncs that were killed before they had ended.
        stops: syncs that were told to end, and did.
        restarts: databases that crashed during a sync, and came back.
        twins: syncs that had a second one of the same years beside them.
        late: interruptions that came after the end.
        failed: syncs that were paused, or ended with an error that says to try again.
        at: events at which syncs were interrupted.
        injected: requests that HubSpot's storm struck, by kind.
        writes: contacts that were written, by what it was.
        calm_redundant: contacts that were written twice without need in runs without faults.
        faults: what was wrong, by kind.
        wrong_ends: syncs that ended neither well nor with an error that says to try again.
        failed_seeds: the runs that found something wrong.
    """

    runs: int = 0
    calm: int = 0
    kills: int = 0
    stops: int = 0
    restarts: int = 0
    twins: int = 0
    late: int = 0
    failed: int = 0
    at: Counter[str] = field(default_factory=Counter)
    injected: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    calm_redundant: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    wrong_ends: int = 0
    failed_seeds: list[int] = field(default_factory=list)

    @property
    def redundant_share(self) -> float:
        """Of all contacts that were written, those that HubSpot held so already."""
        written = self.writes["created"] + self.writes["updated"] + self.writes["redundant"]
        return self.writes["redundant"] / written if written else 0.0


class Campaign:
    """Makes runs, each on an empty warehouse and an empty HubSpot."""

    def __init__(
        self,
        warehouses: Mapping[str, tuple[Engine, PrivateServer | None]],
        hubspot: Emulated,
        syncers: Syncers,
        way: str,
    ) -> None:
        self.tally = Tally()
        self._warehouses, self._hubspot, self._syncers, self._way = warehouses, hubspot, syncers, way

    def run(self, plan: RunPlan) -> list[str]:
        """Make a run; gives what was wrong, in words."""
        run = _Run(plan, self._hubspot, self._syncers, self._way, self.tally, *self._warehouses[plan.kind])
        found = run.make()
        self.tally.runs += 1
        self._count(plan)
        if found:
            self.tally.failed_seeds.append(plan.seed)
        return found

    def _count(self, plan: RunPlan) -> None:
        stats = self._hubspot.stats()
        self.tally.writes.update(stats["writes"])
        self.tally.injected.update(stats["injected"])
        if plan.is_calm:
            self.tally.calm += 1
            self.tally.calm_redundant += stats["writes"]["redundant"]


@contextmanager
def opened(kinds: Iterable[str], folder: Path, *, way: str = "real") -> Iterator[Campaign]:
    """A campaign on these kinds of databases, whose syncs work in this way, a key of ``ways.WAYS``."""
    with ExitStack() as stack:
        syncers = stack.enter_context(Syncers())
        hubspot = stack.enter_context(emulated_hubspot(calls_per_window=0, daily_limit=0, oauth=APP))
        warehouses = {kind: stack.enter_context(warehouse(kind, folder)) for kind in kinds}
        yield Campaign(warehouses, hubspot, syncers, way)


@dataclass
class _Run:
    plan: RunPlan
    hubspot: Emulated
    syncers: Syncers
    way: str
    tally: Tally
    engine: Engine
    server: PrivateServer | None
    found: list[str] = field(default_factory=list)

    def make(self) -> list[str]:
        settle(self.engine)
        run_in_transaction(self.engine, _empty)
        self.hubspot.reset()
        if self.plan.storm:
            self.hubspot.storm(*self.plan.storm, seed=self.plan.seed)
        table: Table = {}
        try:
            for step in self.plan.steps:
                run_in_transaction(self.engine, partial(_change, before=table, after=step.table))
                table = step.table
                self._step(step)
            self._finish(table)
        except SyncerError as error:
            self._wrong_end(str(error))
        return self.found

    def _step(self, step: Step) -> None:
        if step.expires:
            self.hubspot.change_tokens(expire=True)
        if step.last:
            self._until_it_ends_well(self.way, step.table)
        elif step.happening == "twin":
            self._beside_each_other(step)
        else:
            self._interrupted(step)

    def _until_it_ends_well(self, way: str, table: Table) -> None:
        for _ in range(_TRIES):
            if self._ends_well(self._start(way, table)):
                self._check(checker.after_a_sync)
                return
            self._check(checker.whenever)
        self._wrong_end(f"no sync ended well in {_TRIES} tries")

    def _beside_each_other(self, step: Step) -> None:
        self.tally.twins += 1
        numbers = [self._start(self.way, step.table) for _ in range(2)]
        are_done = [self._ends_well(number) for number in numbers]
        self._check(checker.after_a_sync if any(are_done) else checker.whenever)

    def _interrupted(self, step: Step) -> None:
        number = self._start(self.way, step.table, step)
        line = self.syncers.wait_for(number, {"at", "ended"}, _END_SECONDS)
        is_hit = line.startswith("at ")
        self.tally.late += not is_hit
        self.tally.at.update([line.split()[1]] if is_hit else [])
        if is_hit and step.happening == "restart" and self.server:
            self.server.kill()
            self.server.start()
            self.tally.restarts += 1
        is_done = self._ends_well(number)
        self.tally.kills += "ended -9" in self.syncers.lines(number)
        self.tally.stops += "stopped" in self.syncers.lines(number)
        settle(self.engine)
        self._check(checker.after_a_sync if is_done else checker.whenever)

    def _finish(self, table: Table) -> None:
        """In fine weather: what was refused is sent again, and a last sync has nothing to do."""
        self.hubspot.end_faults()
        if not self._ends_well(self._start("redrive", table)):
            self._wrong_end("what was refused could not be sent again in fine weather")
        before = self.hubspot.stats()["writes"]
        if not self._ends_well(self._start(self.way, table)):
            self._wrong_end("a sync in fine weather did not end well")
        if (after := self.hubspot.stats()["writes"]) != before:
            self._wrong_end(f"a sync that had nothing to do wrote: {before} became {after}")
        self._check(checker.at_the_end)

    def _start(self, way: str, table: Table, step: Step | None = None) -> int:
        return self.syncers.start(
            url=self.engine.url.render_as_string(hide_password=False),
            hubspot=self.hubspot.url,
            way=way,
            years=sorted({year for year, _, _ in table}),
            in_flight=self.plan.in_flight,
            uses_oauth=self.plan.uses_oauth,
            happening=step.happening if step else "nothing",
            event=step.event if step else 0,
            only=step.only if step else "",
            delay=step.delay if step else 0.0,
        )

    def _ends_well(self, number: int) -> bool:
        """Wait for the end of a sync: well, killed, stopped, paused, or with an error that says to try again."""
        ended = self.syncers.wait_for(number, {"ended"}, _END_SECONDS)
        words = {line.split(" ", 1)[0] for line in self.syncers.lines(number)}
        self.tally.failed += "failed" in words
        if ended not in ("ended 0", "ended -9") or "broken" in words:
            self._wrong_end("; ".join(self.syncers.lines(number)))
        return "done" in words

    def _check(self, look: Any) -> None:
        faults: list[Fault] = list(look(checker.take_picture(self.engine, self.hubspot)))
        self.tally.faults.update(fault.kind for fault in faults)
        self.found += [f"{fault.kind}: {fault.text}" for fault in faults[:_SHOWN]]

    def _wrong_end(self, text: str) -> None:
        self.tally.wrong_ends += 1
        self.found.append(f"wrong end: {text}")


def _empty(connection: Connection) -> None:
    for table in METADATA.sorted_tables:
        connection.execute(table.delete())


def _change(connection: Connection, before: Table, after: Table) -> None:
    """Make the table of names hold what it should."""
    delete(connection, baby_names, before.keys() - after.keys(), ("year", "sex", "name"))
    changed: list[Key] = [key for key, births in after.items() if before.get(key) != births]
    rows = ({"year": key[0], "sex": key[1], "name": key[2], "births": after[key]} for key in changed)
    upsert(connection, baby_names, rows, keys=("year", "sex", "name"), update={"births": NEW})
