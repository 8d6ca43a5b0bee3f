"""Kills loaders and servers at random points of a load, lets the next run follow, and counts what went wrong."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from babynames_assets.ingest.frames import FrameStore
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.tables import METADATA
from babynames_assets_tests.crashing.warehouses import settle
from babynames_assets_tests.loading.crashing import checker
from babynames_assets_tests.loading.crashing.killable import Loader, LoaderError
from babynames_assets_tests.loading.crashing.loads import load
from babynames_assets_tests.loading.crashing.releases import Release
from babynames_assets_tests.servers.private import PrivateServer

_FINISH_SECONDS = 120.0
_HITS_PER_START = 8
"""So often is a load interrupted, until the next one starts from an empty table without partitions again."""

_NEWER_SHARE = 0.25
"""So often does the run after an interruption find a newer release than the one that was interrupted."""

_NO_PARTITIONS = "ALTER TABLE baby_names PARTITION BY RANGE (year) (PARTITION p_future VALUES LESS THAN MAXVALUE)"


@dataclass
class Tally:
    """What a campaign did and found.

    Attributes:
        kills: loaders that were killed inside a load.
        late_kills: loaders that had finished before they were killed; they are not among the kills.
        restarts: servers that were killed inside a load, and started again.
        survived: loads that went on after the restart.
        phases: what was under way at a kill or restart.
        faults: what was wrong in the table or the ledger, each with the seed that finds it again.
        wrong_ends: loads that ended neither well nor, after a crash of the server, with a RetryableError.
    """

    kills: int = 0
    late_kills: int = 0
    restarts: int = 0
    survived: int = 0
    phases: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    wrong_ends: list[str] = field(default_factory=list)


class Campaign:
    """Interrupts loads of one warehouse.

    Args:
        engine: the warehouse; migrated, and used by nobody else.
        releases: the first is loaded into the empty table, the others follow in turn.
        seed: decides when the interruptions come.
        way: how the killed loaders load, a key of ``loads.LOADS``; the run that follows is always the real one.
    """

    def __init__(self, engine: Engine, releases: list[Release], *, seed: str, way: str = "real") -> None:
        self.tally = Tally()
        self._engine = engine
        self._releases = releases
        self._seed = seed
        self._way = way
        self._url = engine.url.render_as_string(hide_password=False)
        self._number = 0
        self._held: int | None = None
        self._seconds = self._measure()

    def kill_loaders(self, kills: int) -> None:
        """Kill so many loaders inside a load."""
        for rng in self._attempts(lambda: self.tally.kills, kills):
            with self._interrupted(rng) as loader:
                loader.kill()
                self.tally.late_kills += loader.is_done()
                self.tally.kills += self._is_hit(loader)
                if loader.failure:
                    self._wrong_end(f"the load {loader.failure}, though nothing was in its way")

    def restart_servers(self, server: PrivateServer, restarts: int) -> None:
        """Kill the server inside a load and start it again, so many times."""
        for rng in self._attempts(lambda: self.tally.restarts, restarts):
            with self._interrupted(rng) as loader:
                server.kill()
                is_hit = self._is_hit(loader)
                self.tally.restarts += is_hit
                server.start()
                loader.finish(_FINISH_SECONDS)
                self.tally.survived += is_hit and loader.is_done()

    def _attempts(self, hits: Callable[[], int], wanted: int) -> Iterator[random.Random]:
        """Random numbers for an attempt, until enough have hit; some come too late."""
        for _ in range(4 * wanted + 10):
            if hits() >= wanted:
                return
            self._number += 1
            if self._number % _HITS_PER_START == 0:
                self._empty()
            yield random.Random(f"{self._seed} {self._number}")  # noqa: S311 - spreads kills, guards no secret
        self._wrong_end(f"only {hits()} of {wanted} interruptions came inside a load")

    @contextmanager
    def _interrupted(self, rng: random.Random) -> Iterator[Loader]:
        """A load until its time has come; after the block, what it left is checked, and what the next run makes."""
        following = self._following(self._held)
        with Loader(self._url, self._way) as loader:
            loader.begin(self._releases[following].folder)
            time.sleep(rng.uniform(0, self._seconds[self._held, following]))
            try:
                yield loader
                loader.kill()
                if not loader.was_killed:
                    self._wrong_end(f"The loader ended by itself. Its log ends with:\n{loader.errors}")
            except LoaderError as error:
                self._wrong_end(str(error))
                loader.kill()
            settle(self._engine)
            faults = self._what_it_left(loader, following)
        target = self._following(following) if rng.random() < _NEWER_SHARE else following
        faults += self._what_the_next_run_makes(target)
        for fault in faults:
            self._fault(fault)
        if faults:
            self._empty()

    def _is_hit(self, loader: Loader) -> bool:
        """Whether the interruption, which has just been, came inside the load; if so, its phase is counted."""
        if loader.is_done():
            return False
        self.tally.phases[loader.phase] += 1
        return True

    def _what_it_left(self, loader: Loader, following: int) -> list[str]:
        state, wanted = checker.read_state(self._engine), self._releases[following].content
        if loader.is_done():
            return checker.after_a_run(state, wanted)
        before = {} if self._held is None else self._releases[self._held].content
        return checker.after_a_crash(state, before, wanted, loader.years)

    def _what_the_next_run_makes(self, target: int) -> list[str]:
        load(self._engine, FrameStore(self._releases[target].folder), lambda _year: None)
        self._held = target
        faults = checker.after_a_run(checker.read_state(self._engine), self._releases[target].content)
        return [f"after the next run, {fault}" for fault in faults]

    def _fault(self, text: str) -> None:
        self.tally.faults.append(f"{self._place}: {text}")

    def _wrong_end(self, text: str) -> None:
        self.tally.wrong_ends.append(f"{self._place}: {text}")

    @property
    def _place(self) -> str:
        return f"seed {self._seed}, interruption {self._number}"

    def _following(self, held: int | None) -> int:
        return 0 if held is None else max(1, (held + 1) % len(self._releases))

    def _empty(self) -> None:
        settle(self._engine)
        with connect(self._engine) as connection:
            for table in METADATA.sorted_tables:
                connection.execute(table.delete())
            connection.commit()
            if self._engine.dialect.name != "sqlite":
                connection.exec_driver_sql(_NO_PARTITIONS)
        self._held = None

    def _measure(self) -> dict[tuple[int | None, int], float]:
        """Seconds that an undisturbed load of each release takes, from the first connection to the last commit."""
        seconds = {}
        for _ in [*self._releases, self._releases[0]]:
            following = self._following(self._held)
            with Loader(self._url, "real") as loader:  # a new one each time: a process's first load is its slowest
                loader.begin(self._releases[following].folder)
                started = time.monotonic()
                loader.finish(_FINISH_SECONDS)
                seconds[self._held, following] = time.monotonic() - started
            self._held = following
        self._empty()
        return seconds
