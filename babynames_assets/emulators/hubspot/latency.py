"""How long answers take."""

import random

Latency = float | tuple[float, float]
"""Seconds, or the least and the most of an even choice."""


class Latencies:
    """The time of each answer in turn; the seed decides the n-th.

    Args:
        latency: seconds, or their least and most.
        seed: decides where between the two.
    """

    def __init__(self, latency: Latency, seed: int = 0) -> None:
        self._least, self._most = latency if isinstance(latency, tuple) else (latency, latency)
        self._dice = random.Random(f"{seed}/latency")  # noqa: S311 - how long an answer takes is no secret

    def draw(self) -> float:
        """Seconds that the next answer takes."""
        return self._dice.uniform(self._least, self._most)


def parse_latency(text: str) -> Latency:
    """Read ``0.05``, or ``0.1-2`` for anything between the two.

    Raises:
        ValueError: it is neither.
    """
    least, dash, most = text.partition("-")
    try:
        low, high = float(least), float(most if dash else least)
    except ValueError:
        low, high = -1.0, -1.0
    if not 0 <= low <= high < float("inf"):
        raise ValueError(f"{text!r} is no latency: give seconds, as 0.05, or the least and the most, as 0.1-2.")
    return (low, high) if dash else low
