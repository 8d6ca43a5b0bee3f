"""The goals of the sync."""

from benchmarks.goals import Goal
from benchmarks.sync.allowance import TIERS

SHARE = 0.97
BATCHES_PER_SECOND = 150.0
MEMORY_MIB = 300.0

MAIN_LIMIT = 100
"""Calls in ten seconds: its measures have the names without a number."""


def named(measure: str, limit: int) -> str:
    """The name of a measure at a limit."""
    return measure if limit == MAIN_LIMIT else f"{measure}_{limit}"


GOALS = (
    *(
        Goal(named("sync_allowance_share", limit), "at least", SHARE, f"share of {limit} calls in ten seconds, used")
        for limit in TIERS
    ),
    *(
        Goal(named("sync_429", limit), "at most", 0, f"answers 429 to our own pace at {limit} calls in ten seconds")
        for limit in TIERS
    ),
    Goal("engine_batches_per_cpu_second", "at least", BATCHES_PER_SECOND, "one process, by its own CPU time"),
    Goal("step_calls_beyond_need", "at most", 0, "calls of the next release that its difference does not need"),
    Goal("memory_mib", "at most", MEMORY_MIB, "peak memory with the whole history pending"),
    Goal("storm_lost", "at most", 0, "contacts that a storm loses without our knowing"),
    Goal("storm_unexplained", "at most", 0, "contacts that HubSpot refused, without a dead letter"),
)
