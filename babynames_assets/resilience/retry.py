"""Retries work that failed for a passing reason, waiting what the other side asked for.

Only RetryableError is tried again. What the work needs for one try, such as a place in the rate limit, belongs inside
the work, so that a retry pays for it too.
"""

import random
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import stamina
import structlog

from babynames_assets.errors import RetryableError
from babynames_assets.resilience.backoff import backoff_seconds

T = TypeVar("T")

_log = structlog.get_logger(__name__)
_jitter = random.Random()  # noqa: S311 - spreads retries in time, guards no secret


def retrying(
    work: Callable[[], T],
    *,
    what: str,
    attempts: int = 6,
    first_wait: float = 0.5,
    max_wait: float = 60.0,
    but: type[RetryableError] | tuple[()] = (),
    rng: random.Random = _jitter,
) -> T:
    """Do the work; on RetryableError wait and do it again.

    The wait is the error's ``retry_after``, lengthened at random by up to a tenth. An error without one waits
    ``first_wait``, doubled with every further try and shortened at random by up to a half. So many processes do not
    return in step.

    Args:
        work: called once a try.
        what: names the work in the log, for example ``POST /crm/objects/2026-03/contacts/batch/upsert``.
        attempts: the most tries, the first included.
        first_wait: seconds before the second try.
        max_wait: the longest wait in seconds, whatever the other side asks for.
        but: an error that is not worth another try, although it is a RetryableError.
        rng: source of the jitter.

    Raises:
        RetryableError: the last try failed too.
    """
    _silence_stamina()
    tried = 0

    def wait_after(error: Exception) -> float | bool:
        if not isinstance(error, RetryableError) or isinstance(error, but):
            return False
        seconds = _wait(error, tried, first_wait, max_wait, rng)
        if tried < attempts:
            _log.warning(
                "retry_scheduled", what=what, attempt=tried, of=attempts, wait=round(seconds, 3), error=str(error)
            )
        return seconds

    for attempt in stamina.retry_context(wait_after, attempts=attempts, timeout=None):
        tried = attempt.num
        with attempt:
            return work()
    raise AssertionError("stamina returns or raises")  # pragma: no cover - the loop above never ends by itself


def _wait(error: RetryableError, tried: int, first_wait: float, max_wait: float, rng: random.Random) -> float:
    if error.retry_after is not None:
        return min(max(error.retry_after, 0.0) * rng.uniform(1.0, 1.1), max_wait)
    return backoff_seconds(tried, first_wait, max_wait, rng)


@cache
def _silence_stamina() -> None:
    """Stamina's own line says ``<context block>`` where ours names the work; one line a retry is enough."""
    stamina.instrumentation.set_on_retry_hooks([])
