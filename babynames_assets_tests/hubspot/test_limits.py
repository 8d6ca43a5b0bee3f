"""The limits that a client keeps, by tier."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.hubspot.limits import TIERS, burst_limits
from babynames_assets.settings import HubSpotSettings


@pytest.mark.parametrize(
    ("tier", "calls"),
    [
        ("free", 100),
        ("starter", 100),
        ("professional", 190),
        ("enterprise", 190),
        ("api_limit_increase", 250),
        ("oauth_app", 110),
    ],
)
def test_a_tier_has_its_calls_in_a_padded_window(tier: str, calls: int) -> None:
    """Each tier's calls of ten seconds are spread over a window that is a quarter of a second longer."""
    (most, window), _ = burst_limits(tier)

    assert most == calls
    assert window == 10.25


@pytest.mark.parametrize("tier", TIERS)
def test_smoothing_does_not_slow_down(tier: str) -> None:
    """The limit on one second alone would admit the whole allowance within the window, with room to spare."""
    (most, window), (in_a_second, second) = burst_limits(tier)

    assert second == 1.0
    assert most < in_a_second * (window - 1)
    assert in_a_second < most / 5


def test_every_tier_of_the_settings_has_limits() -> None:
    """The settings and the limits know the same tiers."""
    for tier in TIERS:
        assert HubSpotSettings.model_validate({"tier": tier}).tier == tier


def test_only_oauth_apps_have_no_daily_limit() -> None:
    """HubSpot counts days for every tier but OAuth apps."""
    unlimited = [name for name, tier in TIERS.items() if tier.calls_per_day is None]

    assert unlimited == ["oauth_app"]


@given(tier=st.sampled_from(sorted(TIERS)), delays=st.lists(st.floats(0, 0.25), min_size=1, max_size=20))
def test_calls_that_travel_at_different_speeds_meet_no_limit(tier: str, delays: list[float]) -> None:
    """Calls sent as fast as our limits admit arrive within HubSpot's, if their ways differ by a quarter of a second."""
    limits = burst_limits(tier)
    allowed = TIERS[tier].calls_per_window
    admitted: list[float] = []
    for _ in range(2 * allowed + 5):
        earliest = [admitted[-most] + seconds for most, seconds in limits if len(admitted) >= most]
        admitted.append(max([*earliest, *admitted[-1:], 0.0]))

    arrived = sorted(at + delays[number % len(delays)] for number, at in enumerate(admitted))

    assert all(later - earlier >= 10.0 for earlier, later in zip(arrived, arrived[allowed:], strict=False))
