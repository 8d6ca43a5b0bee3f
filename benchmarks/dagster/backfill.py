"""``python -m benchmarks.dagster.backfill HOME YEARS``: one run of all years through the empty graph, in this process.

Writes what it took beside the instance: the time from the run's creation to its end, and its events.
"""

import json
import logging
import sys
import time
from pathlib import Path

import dagster as dg

from babynames_assets.partitions import add_years, range_tags
from benchmarks.dagster.graph import defs

LAST_YEAR = 2024
RESULT = "result.json"


def main(home: Path, years: int) -> int:
    """Run it, and write the result.

    Returns:
        The exit code.
    """
    logging.disable(logging.CRITICAL)  # a terminal's speed is not Dagster's
    first = LAST_YEAR - years + 1
    with dg.DagsterInstance.from_config(str(home)) as instance:
        add_years(instance, first, LAST_YEAR)
        job = defs.get_implicit_global_asset_job_def()
        began = time.perf_counter()
        result = job.execute_in_process(instance=instance, tags=range_tags(first, LAST_YEAR), raise_on_error=False)
        seconds = time.perf_counter() - began
        events = len(instance.all_logs(result.run_id))
        done = len(instance.get_materialized_partitions(dg.AssetKey(["hubspot", "contacts"])))
    found = {"seconds": seconds, "events": events, "years": done, "success": result.success}
    (home / RESULT).write_text(json.dumps(found), encoding="utf-8")
    return 0 if result.success and done == years else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
