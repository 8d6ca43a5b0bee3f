"""The numbers that tell what a client did: what ``/_stats`` and ``/_contacts`` say."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.emulators.hubspot.limits import Lane
from babynames_assets.emulators.hubspot.statistics import BusiestWindow, Statistics
from babynames_assets_tests.hubspot.emulated import UPSERT, Clock, Emulated, emulated_hubspot

CONTACTS = "/crm/objects/2026-03/contacts"
GAPS = st.lists(st.sampled_from([0, 1, 5, 30, 50, 99, 100, 101]), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def running() -> Iterator[Emulated]:
    """One emulator with a clock that stands still."""
    with emulated_hubspot(clock=Clock(), calls_per_window=0, searches_per_second=0) as emulated:
        yield emulated


@pytest.fixture
def hubspot(running: Emulated) -> Emulated:
    """The emulator with a new account."""
    running.reset()
    return running


def an_input(name: str, trace: str | None = None, **properties: str) -> dict[str, Any]:
    """An input that is found by its e-mail address."""
    item = {"id": f"{name}@example.com", "idProperty": "email", "properties": {"firstname": name, **properties}}
    return item if trace is None else {**item, "objectWriteTraceId": trace}


def test_the_numbers_tell_what_came_in(hubspot: Emulated) -> None:
    """/_stats counts requests by path and status, batches by size, contacts and the busiest moments, but not itself."""
    hubspot.upsert("mary", "anna")
    hubspot.call("GET", f"{CONTACTS}/1")
    hubspot.call("GET", "/nowhere")
    hubspot.call("POST", f"{CONTACTS}/search", {})

    assert hubspot.stats() == {
        "requests": 4,
        "by_path": {
            f"POST {UPSERT}": 1,
            f"GET {CONTACTS}/{{id}}": 1,
            "GET /nowhere": 1,
            f"POST {CONTACTS}/search": 1,
        },
        "by_status": {"200": 2, "404": 2},
        "max_requests_in_10s": 3,
        "max_searches_in_1s": 1,
        "violations": 0,
        "violations_by_limit": {},
        "injected": {},
        "in_flight": 0,
        "max_in_flight": 1,
        "failures_in_a_row": 0,
        "max_failures_in_a_row": 0,
        "first_request_at": Clock().now,
        "last_request_at": Clock().now,
        "batches": {"upsert": {"2": 1}},
        "writes": {"created": 2, "updated": 0, "redundant": 0, "refused": 0, "archived": 0},
        "redundant_share": 0.0,
        "max_writes_of_a_contact": 1,
        "refused_by_rule": {},
        "duplicate_attempts": 0,
        "contacts": 2,
        "duplicates": 0,
    }


@given(gaps=GAPS)
def test_the_busiest_window_is_the_busiest_of_all_windows(gaps: list[int]) -> None:
    """However requests are spread, no window of that length holds more, and one holds as many."""
    window, arrivals, now = BusiestWindow(100), [], 0
    for gap in gaps:
        now += gap
        arrivals.append(now)
        window.arrived(now)

    assert window.most == max(sum(start <= one < start + 100 for one in arrivals) for start in arrivals)


def test_a_write_for_nothing_is_redundant(hubspot: Emulated) -> None:
    """What was created, changed, and sent again although nothing of it was new is told apart, for each contact too."""
    hubspot.upsert("mary", "anna")
    hubspot.upsert("mary", "anna", lastname="Smith")
    hubspot.upsert("mary", lastname="Smith")

    stats = hubspot.stats()
    dump = hubspot.session.get(f"{hubspot.url}/_contacts", timeout=5).json()["results"]

    assert stats["writes"] == {"created": 2, "updated": 2, "redundant": 1, "refused": 0, "archived": 0}
    assert stats["redundant_share"] == pytest.approx(1 / 5)
    assert stats["max_writes_of_a_contact"] == 3
    assert [(one["writes"], one["redundant_writes"]) for one in dump] == [(3, 1), (2, 0)]


def test_archivings_are_counted_once(hubspot: Emulated) -> None:
    """An archived contact that is archived again, and an unknown one, are none."""
    [mary] = hubspot.upsert("mary")

    for _ in range(2):
        hubspot.call("POST", f"{CONTACTS}/batch/archive", {"inputs": [{"id": mary["id"]}, {"id": "1"}]})
    hubspot.call("DELETE", f"{CONTACTS}/{mary['id']}")

    assert hubspot.stats()["writes"]["archived"] == 1
    assert hubspot.stats()["batches"] == {"upsert": {"1": 1}, "archive": {"2": 2}}


@pytest.mark.parametrize("traced", [True, False])
def test_refused_contacts_are_counted(hubspot: Emulated, traced: bool) -> None:
    """One that is refused by its trace id counts; without trace ids the first of the batch, which refuses it."""
    traces = ["t-1", "t-2"] if traced else [None, None]
    inputs = [{**an_input("bad", traces[0]), "id": "bad"}, an_input("mary", traces[1])]

    hubspot.call("POST", UPSERT, {"inputs": inputs})

    assert hubspot.stats()["writes"]["refused"] == 1
    assert hubspot.stats()["writes"]["created"] == int(traced)


def test_attempts_to_make_a_duplicate_are_counted_and_fail(hubspot: Emulated) -> None:
    """A second contact with a key that is taken, whichever call would make it."""
    hubspot.upsert("mary", "anna")
    taken = {"properties": {"email": "mary@example.com"}}

    hubspot.call("POST", CONTACTS, taken)
    hubspot.call("POST", f"{CONTACTS}/batch/create", {"inputs": [taken]})
    hubspot.call("POST", UPSERT, {"inputs": [an_input("anna", email="mary@example.com")]})

    assert hubspot.stats()["duplicate_attempts"] == 3
    assert (hubspot.stats()["contacts"], hubspot.stats()["duplicates"]) == (2, 0)


def test_a_client_s_own_pace_and_what_was_ordered_are_told_apart() -> None:
    """429 that a client earned is a violation of a limit; 429 on order is none."""
    with emulated_hubspot(calls_per_window=2, searches_per_second=1, daily_limit=5, clock=Clock()) as hubspot:
        hubspot.order(kind="burst")
        for _ in range(3):
            hubspot.call("GET", CONTACTS)
        for _ in range(2):
            hubspot.call("POST", f"{CONTACTS}/search", {})
        hubspot.forward(10)
        for _ in range(2):
            hubspot.call("GET", CONTACTS)
        hubspot.forward(10)
        hubspot.call("GET", CONTACTS)

        stats = hubspot.stats()
        assert stats["violations"] == 3
        assert stats["violations_by_limit"] == {"burst": 1, "search": 1, "daily": 1}
        assert stats["injected"] == {"burst": 1}
        assert stats["by_status"] == {"429": 4, "200": 4}


def test_calls_into_an_outage_are_counted(hubspot: Emulated) -> None:
    """While every answer is an error of the service, each further call adds to the run; a good answer ends it."""
    hubspot.order(kind="status", status=503, times=2)
    hubspot.order(kind="migrating")
    for _ in range(3):
        hubspot.call("GET", CONTACTS)
    assert hubspot.stats()["failures_in_a_row"] == 3

    hubspot.call("GET", f"{CONTACTS}/1")

    assert hubspot.stats()["failures_in_a_row"] == 0
    assert hubspot.stats()["max_failures_in_a_row"] == 3


def test_requests_in_flight_are_counted() -> None:
    """Those that are there now, and the most that were at once; a count that begins anew keeps the former."""
    statistics = Statistics()
    for _ in range(5):
        statistics.arrived("GET /", 0.0, Lane.API)
    statistics.left()
    assert (statistics.as_json()["in_flight"], statistics.as_json()["max_in_flight"]) == (4, 5)

    statistics.clear()
    statistics.left()

    assert (statistics.as_json()["in_flight"], statistics.as_json()["max_in_flight"]) == (3, 4)


def test_the_numbers_can_begin_anew(hubspot: Emulated) -> None:
    """The counts go, the contacts and what is on order stay."""
    hubspot.upsert("mary")
    hubspot.order(kind="burst")

    hubspot.session.delete(f"{hubspot.url}/_stats", timeout=5)

    assert (hubspot.stats()["requests"], hubspot.stats()["contacts"]) == (0, 1)
    assert hubspot.call("GET", CONTACTS).status_code == 429


def test_all_contacts_can_be_compared(hubspot: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    """/_contacts gives all contacts with their properties, page by page; the archived ones on request."""
    monkeypatch.setattr("babynames_assets.emulators.hubspot.admin.DUMP_SIZE", 2)
    [*_, last] = hubspot.upsert("a", "b", "c", "d")
    hubspot.call("DELETE", f"{CONTACTS}/{last['id']}")
    door = f"{hubspot.url}/_contacts"

    first = hubspot.session.get(door, timeout=5).json()
    second = hubspot.session.get(f"{door}?after={first['after']}", timeout=5).json()
    archived = hubspot.session.get(f"{door}?archived=true", timeout=5).json()

    assert [one["properties"]["firstname"] for one in first["results"] + second["results"]] == ["a", "b", "c"]
    assert second["after"] is None
    assert [one["id"] for one in archived["results"]] == [last["id"]]
