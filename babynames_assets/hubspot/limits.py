"""How many calls HubSpot allows: by the account's subscription, and by what its answers say.

Source: developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines, read in November 2026.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from babynames_assets.resilience.allowances import DailyCount, Limit

WINDOW = 10.0
"""Seconds of HubSpot's rolling window."""

PADDING = 0.25
"""Seconds by which our windows are longer. HubSpot counts on arrival: with 10.0 s, calls that travel at different
speeds met 4 to 10 answers 429 in 480 calls; with 10.25 s none, at 2.4 % of the rate."""

ACCOUNT = "hubspot"
"""Names the account where its calls are counted: an installation has one."""

BURST, SEARCH = "hubspot", "hubspot search"
"""The buckets: searches spend nothing of the ten seconds, and have a limit of their own."""

SEARCHES_PER_SECOND = 5
"""Of an account, whatever its subscription."""


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


def limits_of(tier: str) -> dict[str, list[Limit]]:
    """The limits to keep, by bucket."""
    return {
        BURST: [Limit(TIERS[tier].calls_per_window, WINDOW + PADDING)],
        SEARCH: [Limit(SEARCHES_PER_SECOND, 1.0 + PADDING)],
    }


def shortest_time(calls: int, limits: Sequence[Limit]) -> float:
    """Seconds between the first and the last of some calls, if each is made as soon as the limits allow it.

    Args:
        calls: how many there are.
        limits: all of them hold at once.
    """
    windows = [(divmod(max(calls - 1, 0), limit.calls), limit) for limit in limits]
    return max((full * limit.seconds + rest * limit.spacing for (full, rest), limit in windows), default=0.0)


def bucket_of(path: str) -> str:
    """The bucket from which a call takes its place."""
    return SEARCH if path.endswith("/search") else BURST


def limit_in(headers: Mapping[str, str]) -> Limit | None:
    """The limit that an answer tells of; those of search tell of none."""
    calls = _number(headers, "max")
    milliseconds = _number(headers, "interval-milliseconds")
    if not calls or not milliseconds:
        return None
    return Limit(calls, milliseconds / 1000 + PADDING)


def count_in(headers: Mapping[str, str], day: dt.date) -> DailyCount | None:
    """The count of the day that an answer tells of; those to OAuth apps tell of none."""
    allowed, remaining = _number(headers, "daily"), _number(headers, "daily-remaining")
    if not allowed or remaining is None:
        return None
    return DailyCount(day, allowed, max(0, allowed - remaining))


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(f"x-hubspot-ratelimit-{name}", "").strip()
    # What is longer is no number of calls, and would not fit into the database.
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
