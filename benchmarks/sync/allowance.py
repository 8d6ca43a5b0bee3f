"""How much of an account's allowance two processes use that share it.

The steady part of a run begins ten seconds after the later process began, when the account's window is full for the
first time, and ends when the first process is told to end. A stretch of it is shorter by one window; the calls in it
are averaged over all stretches of this length, so that it does not matter in which part of a window one begins.
"""

import threading
import time
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import BenchmarkError
from benchmarks.sync import hubspot
from benchmarks.sync.hubspot import EmulatedHubSpot
from benchmarks.sync.syncs import Synced, sync
from benchmarks.sync.warehouses import Filled, Warehouses

WINDOW = 10.0
"""Seconds of HubSpot's rolling window."""

LATENCY = "0.1-2"
TIERS = {100: "free", 190: "professional", 250: "api_limit_increase"}
"""Calls in a window, and a subscription that allows so many."""

_POLL_SECONDS = 0.1
_STARTS = 100
_SPARE = 1.3
_ROWS_A_CALL = 100


class Seen(NamedTuple):
    """How many calls had been admitted at a moment."""

    at: float
    admitted: int


@dataclass(frozen=True)
class Allowance:
    """What was found at one limit.

    Attributes:
        limit: calls in a window.
        share: of the allowance, in the steady part.
        refused: answers 429 that the pace earned, in the whole run.
        steady_seconds: how long the steady part was.
        most_in_window: the most calls that arrived in any window.
    """

    limit: int
    share: float
    refused: int
    steady_seconds: float
    most_in_window: int


def measure(limit: int, seconds: float, warehouses: Warehouses, *, folder: Path, log: Path) -> Allowance:
    """Run two processes side by side, each with half the years, against an account with a limit.

    Args:
        limit: calls in any ten seconds, one of TIERS.
        seconds: how long each process sends.
        warehouses: where the rows come from.
        folder: for state.
        log: for what the processes print.

    Raises:
        BenchmarkError: a process had nothing left to send before its time was up.
    """
    rows = round(limit / WINDOW * seconds * _ROWS_A_CALL * _SPARE)
    limits = ["--tier", TIERS[limit], "--calls-per-window", str(limit), "--daily-limit", "0", "--latency", LATENCY]
    with warehouses.filled(rows) as warehouse, hubspot.running(limits) as account:
        with _watched(account) as seen:
            syncs = _two_syncs(limit, seconds, warehouse, account, folder=folder, log=log)
        stats = account.stats()
    ends = [one.told.told_to_end_at for one in syncs]
    if None in ends:
        raise BenchmarkError(f"A sync at {limit} calls in ten seconds had sent all of {rows} rows before its end.")
    begin = max(one.told.began_at for one in syncs) + WINDOW
    end = min(moment for moment in ends if moment)
    return Allowance(
        limit, share(seen, begin, end, limit), stats["violations"], end - begin, stats["max_requests_in_10s"]
    )


def share(seen: Sequence[Seen], begin: float, end: float, limit: int) -> float:
    """The share of an allowance that was used between two moments.

    Args:
        seen: moments and counts, both ascending.
        begin: the steady part's.
        end: the steady part's, more than one window later.
        limit: calls in a window.
    """
    length = end - begin - WINDOW
    if length <= 0:
        raise BenchmarkError(f"A steady part of {end - begin:.1f} s is too short: it has to be longer than {WINDOW} s.")
    starts = [begin + WINDOW * number / _STARTS for number in range(_STARTS)]
    calls = sum(_admitted(seen, start + length) - _admitted(seen, start) for start in starts) / _STARTS
    return calls / (limit * length / WINDOW)


def _admitted(seen: Sequence[Seen], moment: float) -> float:
    """The count at a moment, between two that were seen in proportion."""
    after = bisect_right(seen, moment, key=lambda one: one.at)
    if after in (0, len(seen)):
        raise BenchmarkError("The emulator was not watched all the time.")
    left, right = seen[after - 1], seen[after]
    return left.admitted + (right.admitted - left.admitted) * (moment - left.at) / (right.at - left.at)


def _two_syncs(
    limit: int, seconds: float, warehouse: Filled, account: EmulatedHubSpot, *, folder: Path, log: Path
) -> list[Synced]:
    options = ["--tier", TIERS[limit], "--seconds", str(seconds)]
    halves = [warehouse.years[::2], warehouse.years[1::2]]
    with ThreadPoolExecutor(len(halves)) as pool:
        running = [
            pool.submit(sync, f"at_{limit}_{number}", warehouse.url, account, half, *options, folder=folder, log=log)
            for number, half in enumerate(halves)
        ]
        return [one.result() for one in running]


@contextmanager
def _watched(account: EmulatedHubSpot) -> Iterator[list[Seen]]:
    """How many calls were admitted, again and again as long as the block lasts."""
    seen: list[Seen] = []
    is_over = threading.Event()

    def look() -> None:
        while True:
            stats = account.stats()
            seen.append(Seen(time.time(), stats["requests"] - stats["violations"]))
            if is_over.wait(_POLL_SECONDS):
                return

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()
