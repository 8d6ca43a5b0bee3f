"""Tests of what Dagster tries again, by real runs: a passing failure, and never a lasting one."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.tags import WILL_RETRY_TAG
from dagster._daemon.auto_run_reexecution.auto_run_reexecution import should_retry

from babynames_assets.definitions import defs
from babynames_assets.errors import BabynamesError, ConfigurationError, FatalError, RejectedError, RetryableError
from babynames_assets.step_failures import lasting_failures_end
from babynames_assets_tests.environment import clear_settings
from babynames_assets_tests.instance.homes import EMBEDDED, make_home

AT_ONCE = dg.RetryPolicy(max_retries=2)


def job_that_fails(error: BabynamesError, *, times: int = 99) -> tuple[dg.JobDefinition, list[int]]:
    """A job of one step that raises the error so often, and the tries that were made."""
    tries: list[int] = []

    @dg.op(retry_policy=AT_ONCE)
    @lasting_failures_end
    def step() -> None:
        tries.append(len(tries))
        if len(tries) <= times:
            raise error

    @dg.job
    def one_step() -> None:
        step()

    return one_step, tries


def all_ops() -> dict[str, dg.OpDefinition]:
    """Every op of the code location, those of assets and checks too."""
    nodes = [node for job in defs.get_repository_def().get_all_jobs() for node in job.all_node_defs]
    return {node.name: node for node in nodes if isinstance(node, dg.OpDefinition)}


@pytest.mark.parametrize("kind", [FatalError, RejectedError, ConfigurationError])
def test_a_lasting_failure_is_not_tried_again(kind: type[BabynamesError]) -> None:
    """A person has to change something first; the message says what."""
    job, tries = job_that_fails(kind("mend the token"))

    result = job.execute_in_process(raise_on_error=False)

    assert not result.success
    assert len(tries) == 1
    failure = result.get_step_failure_events()[0].step_failure_data
    assert failure.error is not None
    assert "mend the token" in failure.error.to_string()
    assert failure.user_failure_data is not None
    assert failure.user_failure_data.description == "mend the token"


@pytest.mark.parametrize("kind", [dg.DagsterExecutionInterruptedError, KeyboardInterrupt])
def test_a_run_that_somebody_ends_is_canceled_and_not_tried_again(kind: type[BaseException]) -> None:
    """Dagster alone would wait and begin the step anew, whatever the person wanted."""
    tries: list[int] = []

    @dg.op(retry_policy=AT_ONCE)
    @lasting_failures_end
    def step(context: dg.OpExecutionContext) -> None:
        tries.append(len(tries))
        context.instance.report_run_canceling(context.run)
        raise kind

    @dg.job
    def one_step() -> None:
        step()

    with dg.DagsterInstance.ephemeral() as instance:
        one_step.execute_in_process(instance=instance, raise_on_error=False)
        [run] = instance.get_runs()

    assert run.status == dg.DagsterRunStatus.CANCELED
    assert len(tries) == 1


def test_a_passing_failure_is_tried_again() -> None:
    """As often as the policy says."""
    job, tries = job_that_fails(RetryableError("the server restarts"), times=2)

    assert job.execute_in_process().success
    assert len(tries) == 3


def test_every_step_of_ours_tells_the_two_apart() -> None:
    """An asset or op without it would try a wrong token three times."""
    repository = defs.get_repository_def()
    ops = {
        op.name: op for job in repository.get_all_jobs() for op in job.all_node_defs if isinstance(op, dg.OpDefinition)
    }
    ours = {name: op for name, op in ops.items() if op.retry_policy is not None}

    assert set(ours) >= {"raw__baby_names_csv", "validated__baby_names", "warehouse__baby_names", "hubspot__contacts"}
    assert set(ours) >= {"redrive_due_letters", "reconcile_contacts"}
    for op in ours.values():
        assert op.compute_fn.decorated_fn.__code__.co_name == "step_that_ends"  # type: ignore[union-attr]  # of Dagster's two kinds ours has it


def test_steps_that_share_a_service_share_its_pool() -> None:
    """All calls of HubSpot are of one allowance, all loads of one database."""
    pools = {name: op.pool for name, op in all_ops().items()}

    assert pools["warehouse__baby_names"] == "warehouse"
    assert {pools[name] for name in ("hubspot__contacts", "redrive_due_letters", "reconcile_contacts")} == {"hubspot"}


class TestRunRetries:
    """What the daemon decides about a run that has failed, with the settings that ship."""

    @pytest.fixture(autouse=True)
    def _no_settings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        clear_settings(monkeypatch, tmp_path)

    def test_a_run_whose_step_failed_is_not_started_again(self, tmp_path: Path) -> None:
        """Its step has tried all that is worth a try."""
        job, _ = job_that_fails(FatalError("mend the token"))
        with dg.DagsterInstance.from_config(str(make_home(tmp_path, EMBEDDED))) as instance:
            result = job.execute_in_process(instance=instance, raise_on_error=False)
            run = instance.get_run_by_id(result.run_id)

            assert run is not None
            assert run.tags[WILL_RETRY_TAG] == "false"
            assert not should_retry(run, instance)

    def test_a_run_that_lost_its_process_is_started_again(self, tmp_path: Path) -> None:
        """That is what the run monitoring reports of it."""
        job, _ = job_that_fails(FatalError("x"), times=0)
        with dg.DagsterInstance.from_config(str(make_home(tmp_path, EMBEDDED))) as instance:
            run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
            instance.report_run_failed(run, "The process of this run has ended without a word")
            failed = instance.get_run_by_id(run.run_id)

            assert failed is not None
            assert should_retry(failed, instance)
