"""``python -m babynames_assets_tests.loading.crashing``: the whole campaign, on every kind of database.

The last line of its output is JSON. It exits 1 when a table or a ledger was ever wrong (``diverged``), or when a load
ended with anything but success or, after a crash of the server, an error that says to try again (``wrong_ends``).
"""

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from babynames_assets.observability.logging import configure_logging
from babynames_assets.warehouse.engine import describe
from babynames_assets_tests.crashing.warehouses import KINDS, warehouse
from babynames_assets_tests.loading.crashing.campaign import Campaign
from babynames_assets_tests.loading.crashing.releases import Release, make_releases


def main() -> int:
    """Run the campaign that the command line asks for."""
    parser = argparse.ArgumentParser(prog="campaign-load", description="Kill loaders and servers mid-load.")
    parser.add_argument("--kills", type=int, default=50, help="loaders killed on each kind of database")
    parser.add_argument("--restarts", type=int, default=10, help="crashes of each kind of server")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311 - not a secret
    parser.add_argument("--kinds", nargs="+", default=KINDS, choices=KINDS)
    asked = parser.parse_args()
    configure_logging("error")
    with tempfile.TemporaryDirectory() as folder:
        releases = make_releases(Path(folder))
        found = {kind: _run(kind, releases, asked, Path(folder)) for kind in asked.kinds}
    sys.stdout.write(f"{json.dumps({'seed': asked.seed, **found})}\n")
    return int(any(result["diverged"] or result["wrong_ends"] for result in found.values()))


def _run(kind: str, releases: list[Release], asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    with warehouse(kind, folder) as (engine, server):
        sys.stdout.write(f"{describe(engine)}, seed {asked.seed} ...\n")
        sys.stdout.flush()
        campaign = Campaign(engine, releases, seed=f"{asked.seed} {kind}")
        campaign.kill_loaders(asked.kills)
        if server:
            campaign.restart_servers(server, asked.restarts)
    result = vars(campaign.tally)
    faults, wrong_ends = result.pop("faults"), result.pop("wrong_ends")
    result |= {"phases": dict(result["phases"]), "diverged": len(faults), "wrong_ends": len(wrong_ends)}
    said = [
        *(f"DIVERGED {fault}" for fault in faults),
        *(f"WRONG END {end}" for end in wrong_ends),
        f"{kind}: {result}",
    ]
    sys.stdout.write("".join(f"{line}\n" for line in said))
    return result


if __name__ == "__main__":
    sys.exit(main())
