"""The emulator's clock: the machine's, put forward when somebody does not want to wait for midnight."""

from collections.abc import Callable


class Clock:
    """Seconds since 1970, and those that it was put forward.

    Args:
        base: the clock that runs.
    """

    def __init__(self, base: Callable[[], float]) -> None:
        self._base = base
        self.shift = 0.0

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self._base() + self.shift

    def put_forward(self, seconds: float) -> None:
        """Let time pass."""
        self.shift += seconds

    def clear(self) -> None:
        """Show the time of the clock below again."""
        self.shift = 0.0
