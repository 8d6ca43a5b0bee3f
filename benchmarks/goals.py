"""The goals, and whether a run's measures reach them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Bound = Literal["at most", "at least"]


@dataclass(frozen=True)
class Goal:
    """A bound on one measure."""

    measure: str
    bound: Bound
    value: float
    meaning: str

    def is_met_by(self, found: float) -> bool:
        """Whether a measured value keeps the bound; the bound itself does."""
        return found <= self.value if self.bound == "at most" else found >= self.value

    def __str__(self) -> str:
        return f"{self.bound} {self.value:g}"


@dataclass(frozen=True)
class Miss:
    """A measure that does not reach its goal; no value: it was not measured."""

    server: str
    goal: Goal
    found: float | None

    def __str__(self) -> str:
        said = "was not measured" if self.found is None else f"is {self.found:.3g}"
        return f"{self.server}: {self.goal.measure} {said}, the goal is {self.goal} ({self.goal.meaning})"


LOAD_VS_BARE = 1.0
DAGSTER_SECONDS = 15.0
FASTER_THAN_PEER = {"polars": 3.0, "sqlalchemy": 3.0, "pandas": 3.0, "dlt": 3.0, "duckdb": 1.7}
STEP_VS_FULL = 0.25
FASTER_THAN_PEER_MERGE = 10.0
RERUN_VS_FULL = 0.05
RSS_10X_VS_1X = 1.3
RSS_10X_BYTES = 2.0**30
TIME_10X_VS_1X = 11.0

GOALS = (
    Goal("load_vs_bare", "at most", LOAD_VS_BARE, "full load, in times of the server's own LOAD DATA"),
    Goal(
        "dagster_beyond_bare_seconds",
        "at most",
        DAGSTER_SECONDS,
        "full load in one Dagster run, seconds more than the server's own LOAD DATA",
    ),
    *(
        Goal(f"vs_{peer}", "at least", times, f"times as fast as {peer}, full load")
        for peer, times in FASTER_THAN_PEER.items()
    ),
    Goal("step_vs_full", "at most", STEP_VS_FULL, "the next release, in times of the full load"),
    Goal("step_vs_peer_merge", "at least", FASTER_THAN_PEER_MERGE, "times as fast as the fastest peer, next release"),
    Goal("rerun_vs_full", "at most", RERUN_VS_FULL, "a run with nothing new, in times of the full load"),
    Goal("rss_10x_vs_1x", "at most", RSS_10X_VS_1X, "peak memory with ten times the rows"),
    Goal("rss_10x_bytes", "at most", RSS_10X_BYTES, "the same in bytes: 1 GiB"),
    Goal("time_10x_vs_1x", "at most", TIME_10X_VS_1X, "time with ten times the rows"),
)


def missed(
    server: str, measures: Mapping[str, float], *, excused: Mapping[str, str], goals: Sequence[Goal] = GOALS
) -> list[Miss]:
    """The goals that the measures of a server do not reach.

    Args:
        server: its name.
        measures: value by name.
        excused: peers that cannot be had on this machine, with the reason: nothing is said of them.
        goals: which.
    """
    return [
        Miss(server, goal, found)
        for goal in goals
        if goal.measure not in {f"vs_{peer}" for peer in excused}
        and ((found := measures.get(goal.measure)) is None or not goal.is_met_by(found))
    ]
