"""The emulated HubSpot keeps its limits when a request arrives, and tells of them in every answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.emulators.hubspot.app import create_app
from babynames_assets.emulators.hubspot.limits import DailyCounter, RollingWindow
from babynames_assets.errors import ConfigurationError
from babynames_assets_tests.hubspot.emulated import Clock, emulated_hubspot

CONTACTS = "/crm/objects/2026-03/contacts"
SEARCH = f"{CONTACTS}/search"


@pytest.mark.parametrize(("tier", "limit"), [("free", 100), ("professional", 190)])
def test_one_call_more_than_the_tier_allows_is_refused(tier: str, limit: int) -> None:
    """The call after the last of the allowance is 429 with HubSpot's body, until the first call is ten seconds old."""
    clock = Clock()
    with emulated_hubspot(tier=tier, clock=clock) as hubspot:
        admitted = [hubspot.call("GET", CONTACTS).status_code for _ in range(limit)]
        refused = hubspot.call("GET", CONTACTS)
        clock.now += 10
        later = hubspot.call("GET", CONTACTS)

        assert set(admitted) == {200}
        assert refused.status_code == 429
        assert refused.json()["policyName"] == "TEN_SECONDLY_ROLLING"
        assert refused.json()["message"] == "You have reached your ten_secondly_rolling limit."
        assert "retry-after" not in refused.headers
        assert later.status_code == 200
        assert hubspot.stats()["violations"] == 1
        assert hubspot.stats()["max_requests_in_10s"] == limit + 1


def test_search_has_a_limit_of_its_own() -> None:
    """The sixth search of a second is refused with the other body; searches do not spend the burst."""
    clock = Clock()
    with emulated_hubspot(tier="free", clock=clock) as hubspot:
        searches = [hubspot.call("POST", SEARCH, {}) for _ in range(6)]
        clock.now += 1
        later = hubspot.call("POST", SEARCH, {})
        other = hubspot.call("GET", CONTACTS)

        assert [answer.status_code for answer in searches] == [200] * 5 + [429]
        assert searches[5].json()["message"] == "You have reached your secondly limit."
        assert searches[5].json()["category"] == "RATE_LIMITS"
        assert "policyName" not in searches[5].json()
        assert later.status_code == 200
        assert other.headers["x-hubspot-ratelimit-remaining"] == "99"


def test_the_day_ends_at_the_account_s_midnight() -> None:
    """Calls beyond the day's are refused with the policy DAILY until midnight in New York; the usage tells when."""
    clock = Clock()
    with emulated_hubspot(daily_limit=2, clock=clock) as hubspot:
        usage = hubspot.call("GET", "/account-info/v3/api-usage/daily/private-apps").json()["results"][0]
        hubspot.call("GET", CONTACTS)
        refused = hubspot.call("GET", CONTACTS)
        clock.now += 12 * 3600
        later = hubspot.call("GET", CONTACTS)

        assert (usage["usageLimit"], usage["currentUsage"]) == (2, 1)
        assert usage["resetsAt"] == "2026-11-24T05:00:00.000Z"
        assert refused.status_code == 429
        assert refused.json()["policyName"] == "DAILY"
        assert later.status_code == 200


def test_every_answer_tells_of_the_limits() -> None:
    """Good and bad answers carry what is left of day and window, and a correlation id of their own."""
    with emulated_hubspot(tier="free", clock=Clock()) as hubspot:
        answers = [hubspot.call("GET", CONTACTS), hubspot.call("GET", f"{CONTACTS}/1")]

        first, second = (answer.headers for answer in answers)
        assert first["x-hubspot-ratelimit-interval-milliseconds"] == "10000"
        assert first["x-hubspot-ratelimit-max"] == "100"
        assert (first["x-hubspot-ratelimit-remaining"], second["x-hubspot-ratelimit-remaining"]) == ("99", "98")
        assert second["x-hubspot-ratelimit-daily"] == "250000"
        assert second["x-hubspot-ratelimit-daily-remaining"] == "249998"
        assert first["x-hubspot-ratelimit-secondly"] == "10"
        assert first["x-hubspot-correlation-id"] != second["x-hubspot-correlation-id"]


def test_a_search_tells_of_the_day_only() -> None:
    """Answers of search carry no headers of the ten-second window."""
    with emulated_hubspot() as hubspot:
        headers = hubspot.call("POST", SEARCH, {}).headers

        assert "x-hubspot-ratelimit-daily" in headers
        assert "x-hubspot-ratelimit-max" not in headers


def test_an_oauth_app_has_no_days() -> None:
    """For the tier of OAuth apps no answer speaks of days, and the usage has no limit."""
    with emulated_hubspot(tier="oauth_app") as hubspot:
        answer = hubspot.call("GET", "/account-info/2026-03/api-usage/daily/private-apps")

        assert "x-hubspot-ratelimit-daily" not in answer.headers
        assert answer.json()["results"][0]["usageLimit"] == 0


@pytest.mark.parametrize("token", ["", "pat-wrong", "Bearer"])
def test_a_call_without_the_token_is_refused(token: str) -> None:
    """401 for any other token; it spends nothing of the allowance."""
    with emulated_hubspot(tier="free") as hubspot:
        refused = hubspot.call("GET", CONTACTS, token=token)
        other = hubspot.call("GET", CONTACTS)

        assert refused.status_code == 401
        assert refused.json()["category"] == "INVALID_AUTHENTICATION"
        assert other.headers["x-hubspot-ratelimit-remaining"] == "99"


def test_each_answer_takes_the_latency_asked_for() -> None:
    """An answer takes at least the latency, as a call over the Atlantic does."""
    with emulated_hubspot(latency=0.05) as hubspot:
        assert hubspot.call("GET", CONTACTS).elapsed.total_seconds() >= 0.05


def test_an_unknown_tier_is_named() -> None:
    """A tier that does not exist is an error that lists the good ones."""
    with pytest.raises(ConfigurationError, match="There is no tier 'gold'; there are free, starter"):
        create_app(state_file=None, token="x", tier="gold")


def test_a_reset_forgets_what_was_spent(clock: Clock) -> None:
    """After a reset the whole allowance is there."""
    with emulated_hubspot(tier="free", clock=clock) as hubspot:
        for _ in range(101):
            hubspot.call("GET", CONTACTS)

        hubspot.reset()

        assert hubspot.call("GET", CONTACTS).headers["x-hubspot-ratelimit-remaining"] == "99"
        assert hubspot.stats()["by_path"] == {f"GET {CONTACTS}": 1}
        assert hubspot.stats()["max_requests_in_10s"] == 1
        assert hubspot.stats()["violations"] == 0


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


def test_a_window_rolls(clock: Clock) -> None:
    """A place is free again when the call that took it leaves the window, not when a minute turns."""
    window = RollingWindow(2, 10, clock)
    assert window.admit()
    clock.now += 6
    assert window.admit()
    assert not window.admit()
    clock.now += 3.9
    assert not window.admit()
    clock.now += 0.2
    assert window.admit()
    assert not window.admit()


@given(limit=st.integers(1, 5), gaps=st.lists(st.sampled_from([0, 1, 30, 50, 99, 100]), max_size=60))
def test_no_window_admits_more_than_its_limit_nor_less_than_it_could(limit: int, gaps: list[int]) -> None:
    """In any hundred ticks at most the limit is admitted, and a request is refused only when so many were."""
    clock = Clock(0)
    window = RollingWindow(limit, 100, clock)
    admitted: list[float] = []
    for gap in gaps:
        clock.now += gap
        recent = [one for one in admitted if one > clock.now - 100]
        assert window.remaining == limit - len(recent)
        if window.admit():
            admitted.append(clock.now)
            assert len(recent) < limit
        else:
            assert len(recent) == limit


@pytest.mark.parametrize("calls", [100, 190, 250])
def test_the_window_can_be_of_any_size(calls: int) -> None:
    """The number of calls that was asked for is the limit, whatever the tier, and the headers say it."""
    with emulated_hubspot(tier="free", calls_per_window=calls, clock=Clock()) as hubspot:
        statuses = [hubspot.call("GET", CONTACTS).status_code for _ in range(calls + 1)]

        assert statuses == [200] * calls + [429]
        assert hubspot.call("GET", CONTACTS).headers["x-hubspot-ratelimit-max"] == str(calls)


def test_every_limit_can_be_switched_off() -> None:
    """With 0 for each there is no limit, and no answer speaks of one."""
    clock = Clock()
    with emulated_hubspot(calls_per_window=0, searches_per_second=0, daily_limit=0, clock=clock) as hubspot:
        statuses = {hubspot.call("GET", CONTACTS).status_code for _ in range(300)}
        statuses |= {hubspot.call("POST", SEARCH, {}).status_code for _ in range(10)}
        answer = hubspot.call("GET", CONTACTS)

        assert statuses == {200}
        assert [name for name in answer.headers if "ratelimit" in name.lower()] == []
        assert hubspot.stats()["violations"] == 0


def test_a_day_without_a_limit_only_counts(clock: Clock) -> None:
    """Without a limit every call is admitted and counted."""
    counter = DailyCounter(None, clock)

    assert all(counter.admit() for _ in range(1000))
    assert counter.used == 1000
