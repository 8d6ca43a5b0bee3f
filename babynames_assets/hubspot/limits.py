"""How many calls HubSpot allows, by the account's subscription.

Source: developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines, read in November 2026.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

WINDOW = 10.0
"""Seconds of HubSpot's rolling window."""

PADDED_WINDOW = 10.25
"""Seconds of ours. HubSpot counts on arrival: with 10.0 s, calls that travel at different speeds met 4 to 10 answers
429 in 480 calls; with 10.25 s none, at 2.4 % of the rate."""

BURST_SHARE = 1.2
"""Calls admitted in one second, as a multiple of the even rate: a start is spread over most of the window."""


@dataclass(frozen=True)
class Tier:
    """The allowance of one subscription.

    Attributes:
        calls_per_window: calls in any ten seconds.
        calls_per_day: calls between two midnights of the account, or None where there is no such limit.
    """

    calls_per_window: int
    calls_per_day: int | None


TIERS = MappingProxyType(
    {
        "free": Tier(100, 250_000),
        "starter": Tier(100, 250_000),
        "professional": Tier(190, 625_000),
        "enterprise": Tier(190, 1_000_000),
        "api_limit_increase": Tier(250, 2_000_000),
        "oauth_app": Tier(110, None),
    }
)


SLOWEST_ANSWER = 5.0
"""Seconds: HubSpot may take so long to answer, and the whole allowance is used all the same."""


def requests_in_flight(tier: str) -> int:
    """So many calls side by side use the whole allowance of a tier, however long an answer takes up to 5 s."""
    per_second = TIERS[tier].calls_per_window / WINDOW
    # A few more: between an answer and the next request of its place, the answer is read and the next place awaited.
    return math.ceil(per_second * SLOWEST_ANSWER) + math.ceil(per_second / 5)


def burst_limits(tier: str) -> list[tuple[int, float]]:
    """The limits to keep, as (calls, seconds of a rolling window); all of them hold at once."""
    calls = TIERS[tier].calls_per_window
    return [(calls, PADDED_WINDOW), (math.ceil(calls / WINDOW * BURST_SHARE), 1.0)]


def shortest_time(calls: int, limits: Sequence[tuple[int, float]]) -> float:
    """Seconds between the first and the last of some calls, if each is made as soon as the limits allow it.

    Args:
        calls: how many there are.
        limits: (calls, seconds) of each rolling window.
    """
    return max(((calls - 1) // allowed * seconds for allowed, seconds in limits), default=0.0) if calls else 0.0
