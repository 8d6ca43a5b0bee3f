"""The executor of every run: Dagster's in-process one, which shows signs of life meanwhile."""

from collections.abc import Iterator

import dagster as dg
from dagster._core.definitions.executor_definition import IN_PROC_CONFIG
from dagster._core.events import DagsterEvent
from dagster._core.execution.context.system import PlanOrchestrationContext
from dagster._core.execution.plan.plan import ExecutionPlan
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.in_process import InProcessExecutor

from babynames_assets.instance.vigil import signs_of_life


class WatchedExecutor(InProcessExecutor):
    """Executes all steps in this process."""

    def execute(self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan) -> Iterator[DagsterEvent]:
        """Execute the steps, and show that this process does."""
        with signs_of_life(plan_context.instance, plan_context.run_id):
            yield from super().execute(plan_context, execution_plan)


@dg.executor(name="in_process", config_schema=IN_PROC_CONFIG)
def watched_in_process_executor(context: dg.InitExecutorContext) -> dg.Executor:
    """Dagster's in-process executor with its config, in a process whose death is noticed."""
    retries = RetryMode.from_config(context.executor_config.get("retries") or {"enabled": {}})  # type: ignore[arg-type]  # either form is a mapping of one name
    return WatchedExecutor(retries=retries or RetryMode.ENABLED)
