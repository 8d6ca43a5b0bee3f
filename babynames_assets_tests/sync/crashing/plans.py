"""What happens in one run of the campaign: all of it drawn from the run's seed, before the run begins."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Key = tuple[int, str, str]
"""Year, sex and name."""

Table = dict[Key, int]
"""Births of each row."""

Happening = Literal["nothing", "kill", "stop", "restart", "twin"]

_CALM_SHARE = 0.1
"""So many runs have no faults at all: there nothing may be written twice."""

_OAUTH_SHARE = 0.3

_EVENTS_OF_A_START = 25
_EVENTS_OF_A_BATCH = 9
"""About so many statements, commits, requests and answers has a sync, so that most interruptions come inside it."""


@dataclass(frozen=True)
class Step:
    """A sync, and what the table is when it begins.

    Attributes:
        table: the rows.
        happening: what happens to the sync: nothing, it is killed, it is told to end by SIGTERM, its database crashes,
            or a second one of the same years runs beside it.
        event: at which of its events: statements, commits, requests and answers are counted.
        only: the kind of events that is counted; empty: all of them.
        delay: seconds after that event.
        expires: HubSpot takes no token any more that it gave before this sync.
        last: the sync is repeated until it ends well.
    """

    table: Table
    happening: Happening = "nothing"
    event: int = 0
    only: str = ""
    delay: float = 0.0
    expires: bool = False
    last: bool = False


@dataclass(frozen=True)
class RunPlan:
    """One run.

    Attributes:
        seed: draws it again.
        kind: of the database.
        storm: faults on order at HubSpot.
        in_flight: requests side by side.
        uses_oauth: logs in with tokens that expire, not with one that lasts.
        steps: one after the other.
    """

    seed: int
    kind: str
    storm: list[dict[str, Any]]
    in_flight: int
    uses_oauth: bool
    steps: list[Step]

    @property
    def is_calm(self) -> bool:
        """Whether nothing goes wrong in it."""
        return not self.storm


def draw(seed: int, kinds: Sequence[str], *, rows: tuple[int, int] = (1500, 4000)) -> RunPlan:
    """The plan of a run.

    Args:
        seed: decides everything.
        kinds: of databases to choose from.
        rows: the least and the most rows of its table at first.
    """
    rng = random.Random(f"campaign {seed}")  # noqa: S311 - spreads faults, guards no secret
    kind = rng.choice(list(kinds))
    is_calm = rng.random() < _CALM_SHARE
    storm = [] if is_calm else _storm(rng)
    in_flight, uses_oauth = rng.choice([1, 2, 3, 4]), rng.random() < _OAUTH_SHARE
    steps = _steps(rng, kind, _first_table(rng, rng.randint(*rows)), is_calm=is_calm)
    return RunPlan(seed, kind, storm, in_flight, uses_oauth, steps)


def _storm(rng: random.Random) -> list[dict[str, Any]]:
    """5 % of requests each for the four usual faults, some contacts refused for a while, and some rarer ones."""
    usual: list[dict[str, Any]] = [
        {"kind": "burst", "rate": 0.05},
        {"kind": "status", "status": 500, "rate": 0.05},
        {"kind": "apply_then_status", "status": 502, "rate": 0.05},
        {"kind": "apply_then_reset", "rate": 0.05},
        {"kind": "refuse", "share": 0.1 * rng.random(), "attempts": rng.choice([1, 2])},
    ]
    rarer: list[dict[str, Any]] = [
        {"kind": "locked", "rate": 0.03},
        {"kind": "migrating", "retry_after": "0", "rate": 0.02},
        {"kind": "conflict", "path": "/batch/upsert", "rate": 0.02},
        {"kind": "drop", "share": 0.1, "path": "/batch/upsert", "rate": 0.03},
        {"kind": "pass_over", "count": 7, "path": "/batch/upsert", "rate": 0.03},
        {"kind": "untraced", "path": "/batch/upsert", "rate": 0.03},
        {"kind": "truncated", "rate": 0.02},
        {"kind": "empty", "path": "/batch/upsert", "rate": 0.02},
        {"kind": "cut", "rate": 0.02},
        {"kind": "page", "rate": 0.02},
        {"kind": "slow", "delay": [0.01, 0.2], "rate": 0.05},
        {"kind": "daily", "path": "/batch/upsert", "rate": 0.01},
    ]
    # Logging in has retries of its own, with waits that a campaign has no time for.
    return [{"path": "/crm/", **fault} for fault in usual + rng.sample(rarer, rng.randint(0, 4))]


def _first_table(rng: random.Random, rows: int) -> Table:
    years = range(2001, 2001 + rng.randint(1, 3))
    table: Table = {}
    while len(table) < rows:
        table[_a_key(rng, years)] = rng.randint(5, 9999)
    return table


def _steps(rng: random.Random, kind: str, table: Table, *, is_calm: bool) -> list[Step]:
    """Two or three releases. Syncs of the first two are interrupted, and the table may change before the next sync."""
    steps: list[Step] = []
    before: Table = {}
    for release in range(rng.randint(2, 3)):
        for _ in range(0 if release > 1 else rng.randint(0, 2)):
            steps.append(_interrupted(rng, kind, table, len(table) if release == 0 else len(table) // 3, is_calm))
            if rng.random() < 0.4:
                table, before = _changed(rng, table, before), table
        steps.append(Step(table, expires=rng.random() < 0.5, last=True))
        table, before = _changed(rng, table, before), table
    return steps


def _interrupted(rng: random.Random, kind: str, table: Table, rows: int, is_calm: bool) -> Step:
    usual: list[Happening] = ["kill", "kill", "kill", "stop", "twin"]
    with_server: list[Happening] = [] if kind == "sqlite" else ["restart", "restart"]
    happening = rng.choice([*usual, *with_server])
    events = _EVENTS_OF_A_START + _EVENTS_OF_A_BATCH * rows // 100
    delay = rng.choice([0.0, 0.0, rng.uniform(0, 0.02)])
    return Step(
        table,
        "twin" if is_calm else happening,
        event=rng.randint(1, events),
        delay=delay,
        expires=rng.random() < 0.5,
    )


def _changed(rng: random.Random, table: Table, before: Table) -> Table:
    """Some rows updated, some deleted, some new; and some are again as they were before the last change."""
    changed = dict(table)
    keys = sorted(table)
    for key in rng.sample(keys, int(len(keys) * rng.uniform(0.01, 0.25))):
        changed[key] = rng.randint(5, 9999)
    for key in rng.sample(keys, int(len(keys) * rng.uniform(0.0, 0.08))):
        del changed[key]
    for key in rng.sample(sorted(before), int(len(before) * rng.uniform(0.0, 0.1))):
        changed[key] = before[key]
    years = sorted({year for year, _, _ in table})
    for _ in range(int(len(keys) * rng.uniform(0.0, 0.08))):
        changed[_a_key(rng, years)] = rng.randint(5, 9999)
    return changed


def _a_key(rng: random.Random, years: Sequence[int]) -> Key:
    name = "".join(rng.choices("abcdefghijklmnopqrstuvwxyzéß", k=rng.randint(3, 8))).capitalize()
    return rng.choice(years), rng.choice("FM"), name
