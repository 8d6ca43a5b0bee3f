"""What Dagster does when a step fails: a passing failure is tried again, a lasting one never, nor a run that was ended.

Dagster tries again in two ways that know nothing of each other. Here is the one for steps; the one for whole runs is
confined to runs that lost their process, by ``retry_on_asset_or_op_failure: false`` in ``dagster.yaml``.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import dagster as dg

from babynames_assets.errors import FatalError, RejectedError

P = ParamSpec("P")
R = TypeVar("R")

TRIED_AGAIN = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL)
"""After half a minute, and a minute more: what a database or a service needs for a restart."""


class StepTerminatedError(dg.DagsterError, dg.DagsterExecutionInterruptedError):
    """Somebody ended the run. Of both kinds: Dagster tries an interrupted step again, but never an error of its own."""


def lasting_failures_end(step: Callable[P, R]) -> Callable[P, R]:
    """Let a step end at once with an error that no other try can mend, and when somebody ends its run.

    Args:
        step: what the step calls.
    """

    @functools.wraps(step)
    def step_that_ends(*args: P.args, **named: P.kwargs) -> R:
        try:
            return step(*args, **named)
        except (FatalError, RejectedError) as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt) as error:
            raise StepTerminatedError(
                "The run was ended from outside, and the step is not tried again. What it did is kept: materialize the "
                "same years again, and it goes on from there."
            ) from error

    return step_that_ends
