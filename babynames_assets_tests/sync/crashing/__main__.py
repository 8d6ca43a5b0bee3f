"""``python -m babynames_assets_tests.sync.crashing``: the campaign of syncs, and the controls that show that it sees.

The last line of its output is JSON. It exits 1 when anything was wrong; each such run is named with the command that
makes it again. A run is decided by its own seed: the first has the seed that is given, the others those after it.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from babynames_assets.observability.logging import configure_logging
from babynames_assets_tests.crashing.warehouses import KINDS
from babynames_assets_tests.sync.crashing.campaign import Tally, opened
from babynames_assets_tests.sync.crashing.plans import draw

MOST_REDUNDANT = 0.25
"""The largest share of writes that the storm may cost twice."""

_CONTROL_RUNS = 6
_EVERY = 10


def main() -> int:
    """Make the runs that the command line asks for."""
    parser = argparse.ArgumentParser(prog="campaign", description="Syncs through storms, kills and database crashes.")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the first run")  # noqa: S311
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    asked = parser.parse_args()
    configure_logging("error")
    began = time.monotonic()
    tally = _runs("real", range(asked.seed, asked.seed + asked.runs), asked.kinds)
    controls = _controls(asked.seed) if asked.runs > 1 else {}
    problems = problems_of(tally, controls)
    for problem in problems:
        _say(f"NOT REACHED {problem}")
    result = summary(tally, asked.seed) | {"controls": controls, "seconds": round(time.monotonic() - began, 1)}
    _say(json.dumps(result))
    return int(bool(problems))


def summary(tally: Tally, seed: int) -> dict[str, Any]:
    """What a campaign found, as numbers."""
    faults = tally.faults
    return {
        "seed": seed,
        "runs": tally.runs,
        "kills": tally.kills,
        "stops": tally.stops,
        "restarts": tally.restarts,
        "twins": tally.twins,
        "late": tally.late,
        "failed_and_repeated": tally.failed,
        "interrupted_at": dict(tally.at),
        "storm": dict(tally.injected),
        "writes": dict(tally.writes),
        "missing": faults["missing"],
        "stale": faults["stale"],
        "duplicates": faults["duplicate"],
        "unexpected": faults["unexpected"],
        "unlettered": faults["unlettered"],
        "wrong_ids": faults["wrong_id"],
        "wrong_ends": tally.wrong_ends,
        "redundant_share": round(tally.redundant_share, 4),
        "calm_runs": tally.calm,
        "calm_redundant": tally.calm_redundant,
        "failed_seeds": tally.failed_seeds,
    }


def problems_of(tally: Tally, controls: dict[str, Any]) -> list[str]:
    """What was not reached, in words."""
    problems = [f"seed {seed}: make campaign RUNS=1 SEED={seed}" for seed in tally.failed_seeds]
    if tally.runs > 1 and tally.redundant_share > MOST_REDUNDANT:
        problems.append(f"{tally.redundant_share:.1%} of all writes were redundant; {MOST_REDUNDANT:.0%} may be")
    if tally.calm_redundant:
        problems.append(f"{tally.calm_redundant} contacts were written twice in runs without any fault")
    if controls and not controls["fingerprint-first"]["missing"]:
        problems.append("a loop that saves fingerprints before delivery lost no row: the checker does not see")
    if controls and controls["state-at-end"]["redundant_share"] <= MOST_REDUNDANT:
        problems.append("a loop that saves its state once at the end sent little again: the count does not see")
    return problems


def _controls(seed: int) -> dict[str, dict[str, float]]:
    """Two loops that break the promise, on SQLite; what the campaign says of them."""
    found = {}
    for way in ("fingerprint-first", "state-at-end"):
        tally = _runs(way, range(seed, seed + _CONTROL_RUNS), ["sqlite"])
        found[way] = {"missing": tally.faults["missing"], "redundant_share": round(tally.redundant_share, 4)}
    return found


def _runs(way: str, seeds: Sequence[int], kinds: Sequence[str]) -> Tally:
    with tempfile.TemporaryDirectory() as folder, opened(kinds, Path(folder), way=way) as campaign:
        for number, seed in enumerate(seeds, start=1):
            found = campaign.run(draw(seed, kinds))
            if way == "real":
                for text in found:
                    _say(f"DIVERGED seed {seed}: {text}")
                if number % _EVERY == 0 or number == len(seeds):
                    _say(f"{number} of {len(seeds)} runs, {len(campaign.tally.failed_seeds)} of them with faults")
        return campaign.tally


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
