"""Each kind of bad day on order, over real HTTP."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from babynames_assets.emulators.hubspot.faults.rules import RULES
from babynames_assets.emulators.hubspot.faults.schedule import KINDS
from babynames_assets_tests.hubspot.emulated import UPSERT, Emulated, emulated_hubspot

CONTACTS = "/crm/objects/2026-03/contacts"


@pytest.fixture(scope="module")
def running() -> Iterator[Emulated]:
    """One emulator for this file."""
    with emulated_hubspot() as emulated:
        yield emulated


@pytest.fixture
def hubspot(running: Emulated) -> Emulated:
    """The emulator with a new account."""
    running.reset()
    return running


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("burst", 429),
        ("secondly", 429),
        ("secondly_policy", 429),
        ("daily", 429),
        ("unauthorized", 401),
        ("missing_scopes", 403),
        ("conflict", 409),
        ("locked", 423),
        ("migrating", 477),
        ("not_found", 404),
        ("invalid", 400),
    ],
)
def test_a_refusal_on_order_has_hubspot_s_body(hubspot: Emulated, kind: str, status: int) -> None:
    """Each refusal comes once, with JSON, its correlation id and the Retry-After that was asked for."""
    hubspot.order(kind=kind, retry_after="7")

    struck, after = hubspot.call("GET", CONTACTS), hubspot.call("GET", CONTACTS)

    assert struck.status_code == status
    assert struck.json()["correlationId"] == struck.headers["x-hubspot-correlation-id"]
    assert struck.headers["retry-after"] == "7"
    assert after.status_code == 200


@pytest.mark.parametrize(
    ("kind", "fields", "header", "value"),
    [
        ("burst", {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}, "remaining", "0"),
        ("secondly", {"category": "RATE_LIMITS"}, "remaining", None),
        ("secondly_policy", {"policyName": "SECONDLY", "errorType": "RATE_LIMIT"}, "secondly-remaining", "0"),
        ("daily", {"policyName": "DAILY", "errorType": "RATE_LIMIT"}, "daily-remaining", "0"),
    ],
)
def test_each_kind_of_limit_has_a_body_and_headers_of_its_own(
    hubspot: Emulated, kind: str, fields: dict[str, str], header: str, value: str | None
) -> None:
    """The policy that was met stands in the body, and the headers agree with it; none says when to come back."""
    hubspot.order(kind=kind)

    answer = hubspot.call("GET", CONTACTS)

    told = {"policyName", "errorType", "category"} & answer.json().keys()
    assert {name: answer.json()[name] for name in told} == fields
    assert answer.headers.get(f"x-hubspot-ratelimit-{header}") == value
    assert ("x-hubspot-ratelimit-max" in answer.headers) is (kind != "secondly")
    assert "retry-after" not in answer.headers


def test_an_account_that_moves_says_when_to_come_back(hubspot: Emulated) -> None:
    """477 carries a Retry-After without being asked for it: a minute."""
    hubspot.order(kind="migrating")

    assert hubspot.call("GET", CONTACTS).headers["retry-after"] == "60"


@pytest.mark.parametrize("status", [414, 500, 502, 503, 504, *range(520, 527)])
def test_a_status_on_order_is_a_gateway_s_page(hubspot: Emulated, status: int) -> None:
    """Errors of the servers in front of HubSpot come as HTML that names them, and what was asked is not done."""
    hubspot.order(kind="status", status=status, path="upsert")

    answer = hubspot.call("POST", UPSERT, _mary())

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert f"Error code {status}" in answer.text
    assert "cloudflare" in answer.text.lower()
    assert hubspot.stats()["contacts"] == 0


def test_a_fault_can_strike_after_the_work_is_done(hubspot: Emulated) -> None:
    """apply_then_status does what was asked and answers with the status."""
    hubspot.order(kind="apply_then_status", status=504)

    assert hubspot.call("POST", UPSERT, _mary()).status_code == 504
    assert hubspot.stats()["contacts"] == 1


@pytest.mark.parametrize(("kind", "contacts"), [("cut", 0), ("apply_then_cut", 1)])
def test_a_connection_can_be_cut(hubspot: Emulated, kind: str, contacts: int) -> None:
    """The connection ends in the middle of an answer, before or after the work was done."""
    hubspot.order(kind=kind)

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        hubspot.call("POST", UPSERT, _mary())

    assert hubspot.stats()["contacts"] == contacts
    assert hubspot.stats()["by_status"] == {"cut": 1}


def test_an_answer_without_a_body_can_be_cut_too(hubspot: Emulated) -> None:
    """An archive that was carried out ends without a whole answer."""
    [mary] = hubspot.upsert("mary")
    hubspot.order(kind="apply_then_cut")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        hubspot.call("POST", f"{CONTACTS}/batch/archive", {"inputs": [{"id": mary["id"]}]})

    assert hubspot.stats()["contacts"] == 0


@pytest.mark.parametrize(("kind", "contacts"), [("reset", 0), ("apply_then_reset", 1)])
def test_a_connection_can_end_without_an_answer(hubspot: Emulated, kind: str, contacts: int) -> None:
    """Not a byte comes back, before or after the work was done; the next call is answered."""
    hubspot.order(kind=kind)

    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        hubspot.call("POST", UPSERT, _mary())

    assert not isinstance(caught.value, requests.exceptions.ChunkedEncodingError)
    assert hubspot.stats()["contacts"] == contacts
    assert hubspot.stats()["by_status"] == {"reset": 1}
    assert hubspot.call("GET", CONTACTS).status_code == 200


def test_an_answer_can_be_truncated(hubspot: Emulated) -> None:
    """Half of the JSON comes as if it were all of it, and the work was done."""
    hubspot.order(kind="truncated")

    answer = hubspot.call("POST", UPSERT, _mary())

    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert hubspot.stats()["contacts"] == 1


def test_a_success_can_be_empty(hubspot: Emulated) -> None:
    """200 with neither results nor errors, or without a body; nothing was done."""
    hubspot.order(kind="empty")
    hubspot.order(kind="blank")

    empty, blank = (hubspot.call("POST", UPSERT, _mary()) for _ in range(2))

    assert (empty.status_code, empty.json()["results"], "errors" in empty.json()) == (200, [], False)
    assert (blank.status_code, blank.content) == (200, b"")
    assert hubspot.stats()["contacts"] == 0


def test_inputs_can_be_passed_over(hubspot: Emulated) -> None:
    """The kind pass_over neither writes them nor speaks of them; of the others everything is as ever."""
    hubspot.order(kind="pass_over", count=2)

    answer = hubspot.call("POST", UPSERT, {"inputs": [_input(name) for name in ("anna", "mary", "zoe")]})

    assert answer.status_code == 200
    assert [one["properties"]["firstname"] for one in answer.json()["results"]] == ["zoe"]
    assert hubspot.stats()["contacts"] == 1
    assert hubspot.stats()["batches"] == {"upsert": {"1": 1}}


@pytest.mark.parametrize(("kind", "written"), [("drop", 100), ("pass_over", None)])
def test_a_share_of_a_batch_can_be_missing(hubspot: Emulated, kind: str, written: int | None) -> None:
    """With a share each record has its chance, and the seed decides: the same batch loses the same records again."""
    inputs = [_input(f"n{number}") for number in range(100)]
    named = []
    for _ in range(2):
        hubspot.reset()
        hubspot.storm({"kind": kind, "share": 0.3}, seed=11)
        answer = hubspot.call("POST", UPSERT, {"inputs": inputs})
        named.append({one["properties"]["firstname"] for one in answer.json()["results"]})

    assert named[0] == named[1]
    assert 50 <= len(named[0]) <= 90
    assert hubspot.stats()["contacts"] == (written or len(named[0]))


def test_trace_ids_can_be_missing(hubspot: Emulated) -> None:
    """A 207 whose errors name no input, and whose results do not say which input was theirs."""
    hubspot.order(kind="untraced")
    inputs = [
        {**_input("mary"), "objectWriteTraceId": "t-1"},
        {**_input("bad"), "id": "bad", "objectWriteTraceId": "t-2"},
    ]

    answer = hubspot.call("POST", UPSERT, {"inputs": inputs})

    assert answer.status_code == 207
    assert "t-1" not in answer.text
    assert "t-2" not in answer.text
    assert len(answer.json()["results"]) == len(answer.json()["errors"]) == 1


def test_there_are_no_traces_to_take_from_an_answer_without_a_body(hubspot: Emulated) -> None:
    """An archive answers as ever."""
    hubspot.order(kind="untraced")

    assert hubspot.call("POST", f"{CONTACTS}/batch/archive", {"inputs": []}).status_code == 204


@pytest.mark.parametrize("kind", ["slow", "drip"])
def test_an_answer_can_take_its_time(hubspot: Emulated, kind: str) -> None:
    """The true answer, whole, after the delay: at its start, or piece by piece."""
    hubspot.order(kind=kind, delay=0.2)
    started = time.monotonic()

    answer = hubspot.call("POST", UPSERT, _mary())

    assert answer.json()["results"][0]["new"] is True
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("fault", [{"kind": "burst"}, {"kind": "apply_then_status", "status": 524}])
def test_every_answer_on_order_can_be_slow(hubspot: Emulated, fault: dict[str, Any]) -> None:
    """A delay goes with any kind; two numbers are the bounds of a choice."""
    hubspot.order(**fault, delay=[0.1, 0.2])

    assert hubspot.call("POST", UPSERT, _mary()).elapsed.total_seconds() >= 0.1


def test_a_fault_can_last(hubspot: Emulated) -> None:
    """With seconds it strikes every matching request until they are over by the emulator's clock."""
    hubspot.order(kind="locked", seconds=200)

    during = [hubspot.call("GET", CONTACTS).status_code for _ in range(3)]
    hubspot.forward(200)

    assert during == [423] * 3
    assert hubspot.call("GET", CONTACTS).status_code == 200
    assert hubspot.stats()["injected"] == {"locked": 3}


def test_good_days_can_be_had_again(hubspot: Emulated) -> None:
    """What is on order can be read, with how often it matched and struck, and cancelled."""
    hubspot.order(kind="status", status=502, path="upsert", times=5)
    hubspot.order(kind="refuse", matches="^zoe")
    hubspot.call("GET", CONTACTS)
    hubspot.call("POST", UPSERT, _mary())
    door = f"{hubspot.url}/_faults"

    ordered = hubspot.session.get(door, timeout=5).json()
    hubspot.session.delete(door, timeout=5)

    assert ordered == [
        {"kind": "status", "status": 502, "path": "upsert", "times": 5, "matched": 1, "struck": 1},
        {"kind": "refuse", "matches": "^zoe"},
    ]
    assert hubspot.session.get(door, timeout=5).json() == []
    assert hubspot.call("POST", UPSERT, {"inputs": [_input("zoe")]}).status_code == 200


@pytest.mark.parametrize("kind", [*KINDS, *RULES])
def test_every_kind_can_strike_any_call(hubspot: Emulated, kind: str) -> None:
    """Whatever is on order, a batch, a single contact and a search get an answer or a connection that ends."""
    needed = {"share": 1.0} if kind in RULES else {"delay": 0.01} if kind in ("slow", "drip") else {}
    hubspot.order(kind=kind, times=3, **needed)
    calls = [("POST", UPSERT, _mary()), ("GET", CONTACTS, None), ("POST", f"{CONTACTS}/search", {})]

    for method, path, body in calls:
        try:
            answer = hubspot.call(method, path, body)
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError):
            assert kind.endswith(("cut", "reset"))
        else:
            assert answer.status_code < 500 or kind.endswith("status")
            assert answer.status_code == 200 or kind not in ("drop", "pass_over", "merge", "untraced", "slow", "drip")

    assert hubspot.call("GET", CONTACTS).status_code == 200


def test_results_can_be_dropped(hubspot: Emulated) -> None:
    """The kind drop does the work and leaves results out of the answer, without a word."""
    hubspot.order(kind="drop", count=1)

    answer = hubspot.call("POST", UPSERT, _mary())

    assert answer.status_code == 200
    assert answer.json()["results"] == []
    assert hubspot.stats()["contacts"] == 1


def test_there_is_nothing_to_drop_in_an_answer_without_a_body(hubspot: Emulated) -> None:
    """An archive answers as ever."""
    hubspot.order(kind="drop")

    assert hubspot.call("POST", f"{CONTACTS}/batch/archive", {"inputs": []}).status_code == 204


def test_a_page_can_stand_where_json_should(hubspot: Emulated) -> None:
    """The kind page is a 200 with HTML, as from a captive portal."""
    hubspot.order(kind="page")

    assert hubspot.call("GET", CONTACTS).text.startswith("<!DOCTYPE html>")


def test_a_fault_strikes_where_and_as_often_as_ordered(hubspot: Emulated) -> None:
    """A fault waits for its path and its text, lets some pass, strikes some, and is over."""
    hubspot.order(kind="status", status=500, path="upsert", contains="mary", skip=1, times=2)

    other_path = hubspot.call("GET", CONTACTS)
    other_text = hubspot.call("POST", UPSERT, {"inputs": []})
    struck = [hubspot.call("POST", UPSERT, _mary()).status_code for _ in range(4)]

    assert (other_path.status_code, other_text.status_code) == (200, 200)
    assert struck == [200, 500, 500, 200]


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ([{"kind": "cut"}, {"kind": "rain"}], "No fault is called 'rain'; there are burst, "),
        ([{"kind": "cut", "colour": "red"}], "not a list of faults, nor an object with one: 0.colour: "),
        ({"kind": "cut"}, "not a list of faults, nor an object with one: faults: Field required"),
        (7, "not a list of faults"),
        ([{"kind": "cut", "rate": 1.5}], "0.rate: "),
        ([{"kind": "cut", "times": "often"}], "0.times: "),
        ([{"kind": "cut", "delay": [2, 1]}], "the least comes first"),
        ([{"kind": "refuse", "matches": "("}], "0.matches: "),
        ([{"kind": "refuse"}], "A fault of the kind 'refuse' needs matches or share."),
        ([{"kind": "slow"}], "A fault of the kind 'slow' needs delay."),
    ],
)
def test_a_script_that_makes_no_sense_is_refused(hubspot: Emulated, script: Any, message: str) -> None:
    """An unknown kind or field, a value that cannot be or another shape is 400, and nothing of it is ordered."""
    answer = hubspot.session.post(f"{hubspot.url}/_faults", json=script, timeout=5)

    assert answer.status_code == 400
    assert message in answer.json()["message"]
    assert hubspot.call("GET", CONTACTS).status_code == 200


def test_a_script_that_is_no_json_is_refused(hubspot: Emulated) -> None:
    """400 with the place where it breaks."""
    answer = hubspot.session.post(f"{hubspot.url}/_faults", data=b"[{", timeout=5)

    assert answer.status_code == 400
    assert "line 1 column" in answer.json()["message"]


def _mary() -> dict[str, Any]:
    return {"inputs": [_input("mary")]}


def _input(name: str) -> dict[str, Any]:
    return {"id": f"{name}@example.com", "idProperty": "email", "properties": {"firstname": name}}
