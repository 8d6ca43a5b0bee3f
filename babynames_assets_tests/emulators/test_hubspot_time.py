"""Time in the emulated HubSpot: a clock that can be put forward, answers that take long, a search that is behind."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.emulators.hubspot.latency import Latencies, parse_latency
from babynames_assets_tests.hubspot.emulated import Clock, Emulated, emulated_hubspot

CONTACTS = "/crm/objects/2026-03/contacts"


@pytest.fixture
def lagging() -> Iterator[Emulated]:
    """An emulator whose search knows of a change after a minute, by a clock that stands still."""
    with emulated_hubspot(clock=Clock(), search_lag=60, searches_per_second=0) as emulated:
        yield emulated


def found(hubspot: Emulated) -> list[tuple[str, str | None]]:
    """First and last names of the contacts that a search finds."""
    answer = hubspot.call("POST", f"{CONTACTS}/search", {"properties": ["firstname", "lastname"], "limit": 100})
    bags = [one["properties"] for one in answer.json()["results"]]
    return [(bag["firstname"], bag["lastname"]) for bag in bags]


def test_the_clock_can_be_put_forward() -> None:
    """Ten seconds later the burst is there again, after midnight the day, and half an hour later no token is."""
    with emulated_hubspot(calls_per_window=1, daily_limit=2, clock=Clock()) as hubspot:
        assert hubspot.call("GET", CONTACTS).status_code == 200
        assert hubspot.call("GET", CONTACTS).json()["policyName"] == "TEN_SECONDLY_ROLLING"
        hubspot.forward(10)
        assert hubspot.call("GET", CONTACTS).status_code == 200
        hubspot.forward(10)
        assert hubspot.call("GET", CONTACTS).json()["policyName"] == "DAILY"
        hubspot.forward(12 * 3600)
        answer = hubspot.call("GET", CONTACTS)

        assert answer.status_code == 200
        assert answer.headers["x-hubspot-ratelimit-daily-remaining"] == "1"


def test_the_clock_tells_its_time_and_a_new_account_has_the_true_one() -> None:
    """The door gives the time and by how much it is ahead; a reset takes that back."""
    with emulated_hubspot(clock=Clock()) as hubspot:
        hubspot.forward(90)
        hubspot.forward(0.5)
        before = hubspot.session.get(f"{hubspot.url}/_clock", timeout=5).json()
        hubspot.reset()
        after = hubspot.session.get(f"{hubspot.url}/_clock", timeout=5).json()

        assert before == {"now": Clock().now + 90.5, "shift": 90.5}
        assert after == {"now": Clock().now, "shift": 0.0}


@pytest.mark.parametrize("body", [b"", b"7", b"{}", b'{"forward": -1}', b'{"forward": "long"}', b'{"forward": 1e999}'])
def test_the_clock_goes_forward_only(lagging: Emulated, body: bytes) -> None:
    """Anything but a number of seconds to add is 400."""
    assert lagging.session.post(f"{lagging.url}/_clock", data=body, timeout=5).status_code == 400


def test_search_knows_of_a_change_after_its_lag(lagging: Emulated) -> None:
    """New contacts are not found, changed ones as they were and archived ones still, until the lag is over."""
    mary, anna = lagging.upsert("mary", "anna", lastname="old")
    assert found(lagging) == []
    lagging.forward(60)
    assert found(lagging) == [("mary", "old"), ("anna", "old")]

    lagging.upsert("mary", lastname="newer")
    lagging.upsert("mary", lastname="newest")
    lagging.call("DELETE", f"{CONTACTS}/{anna['id']}")
    lagging.upsert("zoe")

    assert found(lagging) == [("mary", "old"), ("anna", "old")]
    read = lagging.call("GET", f"{CONTACTS}/{mary['id']}?properties=lastname").json()
    assert read["properties"]["lastname"] == "newest"
    lagging.forward(60)
    assert found(lagging) == [("mary", "newest"), ("zoe", None)]


def test_search_finds_a_merged_contact_until_its_lag_is_over(lagging: Emulated) -> None:
    """Two contacts that became one are still two for search."""
    mary, anna = lagging.upsert("mary", "anna")
    lagging.forward(60)

    lagging.call("POST", f"{CONTACTS}/merge", {"primaryObjectId": mary["id"], "objectIdToMerge": anna["id"]})

    assert [name for name, _ in found(lagging)] == ["mary", "anna"]
    lagging.forward(60)
    assert [name for name, _ in found(lagging)] == ["mary"]


def test_a_new_account_has_nothing_that_search_could_remember(lagging: Emulated) -> None:
    """After a reset search does not find the contacts of before."""
    lagging.upsert("mary")
    lagging.forward(60)
    lagging.upsert("mary", lastname="Smith")

    lagging.reset()

    assert found(lagging) == []


def test_latencies_are_spread_and_come_again_with_the_seed() -> None:
    """Between the least and the most, differing, and for one seed the same in turn."""
    one, same, other = (Latencies((0.1, 2.0), seed) for seed in (7, 7, 8))

    drawn = [one.draw() for _ in range(1000)]

    assert drawn == [same.draw() for _ in range(1000)]
    assert drawn != [other.draw() for _ in range(1000)]
    assert 0.1 <= min(drawn) < 0.2
    assert 1.9 < max(drawn) <= 2.0


@given(least=st.floats(0, 100, allow_nan=False).map(lambda one: round(one, 3)), more=st.integers(0, 100))
def test_a_latency_is_read_as_it_is_written(least: float, more: int) -> None:
    """A number of seconds, or two of them."""
    most = float(f"{least + more:.3f}")

    assert parse_latency(f"{least:.3f}") == least
    assert parse_latency(f"{least:.3f}-{most}") == (least, most)


@pytest.mark.parametrize("text", ["", "-", "-1", "2-1", "fast", "1-", "nan", "inf", "1-inf", "1-2-3"])
def test_a_latency_that_cannot_be_is_named(text: str) -> None:
    """The message shows what was given and what would do."""
    with pytest.raises(ValueError, match=r"is no latency: give seconds, as 0\.05"):
        parse_latency(text)


def test_hundreds_of_requests_are_in_flight_at_once() -> None:
    """Slow answers do not wait for one another: 300 of half a second and more are over in much less than their sum."""
    requests_in_flight = 300
    gathered = threading.Barrier(requests_in_flight)

    with emulated_hubspot(latency=(0.5, 1.0), calls_per_window=0) as hubspot:

        def call(_: int) -> Any:
            gathered.wait(timeout=30)
            return hubspot.call("GET", CONTACTS).status_code

        started = time.monotonic()
        with ThreadPoolExecutor(requests_in_flight) as pool:
            statuses = list(pool.map(call, range(requests_in_flight)))

        assert set(statuses) == {200}
        assert time.monotonic() - started < requests_in_flight * 0.5 / 4
        assert hubspot.stats()["max_in_flight"] >= requests_in_flight / 4
