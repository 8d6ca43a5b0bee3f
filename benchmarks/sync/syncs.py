"""Starts this project's sync against an emulator, and reads what it told."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Sample, run
from benchmarks.sync import told
from benchmarks.sync.hubspot import TOKEN, EmulatedHubSpot
from benchmarks.sync.told import Told


@dataclass(frozen=True)
class Synced:
    """One sync: what the kernel counted of its process, and what it told."""

    sample: Sample
    told: Told


def sync(
    name: str, url: str, hubspot: EmulatedHubSpot, years: Sequence[int], *options: str, folder: Path, log: Path
) -> Synced:
    """Run a sync of some years in a process of its own, to its end.

    Args:
        name: what it is, for a message; no other sync runs by this name.
        url: of the warehouse.
        hubspot: where to.
        years: what.
        options: more of ``python -m benchmarks.sync.push``.
        folder: for its state.
        log: for what it prints.
    """
    file = folder / f"{name}.json"
    sample = run(name, [*command(url, hubspot, years, folder / name), "--told", str(file), *options], log=log)
    return Synced(sample, told.read(file))


def command(url: str, hubspot: EmulatedHubSpot, years: Sequence[int], state: Path) -> list[str]:
    """The command that syncs some years of a warehouse; ``state`` is its folder."""
    place = ["--state", str(state), "--url", url, "--base-url", hubspot.url, "--token", TOKEN]
    return [sys.executable, "-m", "benchmarks.sync.push", *place, "--years", *map(str, years)]
