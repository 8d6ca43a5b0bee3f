"""A code location whose runs wait in a pool until a file says that they may end."""

import time
from pathlib import Path

import dagster as dg

from babynames_assets.instance.executor import watched_in_process_executor

MAY_END = Path("may-end")
POOL = "narrow"


@dg.op(pool=POOL)
def wait() -> None:
    """Hold the pool's slot."""
    while not MAY_END.exists():
        time.sleep(0.2)


@dg.job(executor_def=watched_in_process_executor)
def waiting_job() -> None:
    """One step that waits."""
    wait()


@dg.sensor(job=waiting_job, minimum_interval_seconds=30, default_status=dg.DefaultSensorStatus.RUNNING)
def two_runs() -> dg.SensorResult:
    """Two runs, of which the pool lets one work."""
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key="first"), dg.RunRequest(run_key="second")])


defs = dg.Definitions(jobs=[waiting_job], sensors=[two_runs])
