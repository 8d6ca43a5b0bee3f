"""How long to wait before the next try: twice as long each time, up to a limit, and not in step with others."""

import random
from dataclasses import dataclass


def backoff_seconds(tried: int, first_wait: float, max_wait: float, rng: random.Random) -> float:
    """The wait after some tries.

    Args:
        tried: tries so far, at least 1.
        first_wait: seconds before the second try, doubled with every further one.
        max_wait: the longest wait in seconds.
        rng: shortens the wait by up to a half, so that many who failed together do not return together.
    """
    # The exponent is capped, because 2.0 ** 1024 is an overflow.
    return min(first_wait * 2.0 ** min(tried - 1, 60), max_wait) * rng.uniform(0.5, 1.0)


@dataclass(frozen=True)
class Backoff:
    """How often, and how much later each time, something that was refused is tried again.

    Attributes:
        attempts: the most attempts, the first included; after the last one a person has to look.
        first_wait: seconds before the second attempt, doubled with every further one.
        max_wait: the longest wait in seconds.
    """

    attempts: int = 10
    first_wait: float = 300.0
    max_wait: float = 86_400.0

    def wait_after(self, attempts: int, rng: random.Random) -> float | None:
        """Seconds until the next attempt, or None when there is no further one."""
        if attempts >= self.attempts:
            return None
        return backoff_seconds(attempts, self.first_wait, self.max_wait, rng)
