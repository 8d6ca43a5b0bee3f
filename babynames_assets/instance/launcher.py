"""The run launcher that tells Dagster's run monitoring which runs have lost their process.

Dagster's own cannot: a run whose worker and code server were killed stays STARTED, and keeps its slots of the queue and
of its pools, until somebody notices. Named as a class in ``dagster.yaml``; it needs ``run_monitoring``.
"""

import dagster as dg
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._serdes import ConfigurableClassData

from babynames_assets.instance import vigil


class WatchfulRunLauncher(DefaultRunLauncher):
    """Dagster's default launcher, which also knows whether a worker lives."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._vigil = vigil.Vigil()

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Asks the run monitoring to call ``check_run_worker_health``, in each of its rounds."""
        return True

    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        """Whether the process of a run that is under way lives, as far as can be known now."""
        sign = vigil.last_sign(self._instance, run.run_id)
        if not self._vigil.is_dead(run.run_id, sign):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        who = f"process {sign.pid}" if sign else "process, which never showed a sign of life,"
        return CheckRunHealthResult(WorkerStatus.FAILED, f"The {who} of this run has ended without a word")
