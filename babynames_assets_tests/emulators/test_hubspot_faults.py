"""Bad days on order, the numbers, and what survives a restart."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from babynames_assets_tests.hubspot.emulated import TOKEN, UPSERT, Emulated, emulated_hubspot

PROGRAM = """
import sys
from pathlib import Path
from babynames_assets.emulators import serving
from babynames_assets.emulators.hubspot.app import create_app

app = create_app(state_file=Path(sys.argv[1]), token=sys.argv[2], tier="free")
serving.serve(app, port=0, announce=lambda url: print(url, flush=True), stop_with_stdin=False)
"""
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
        ("daily", 429),
        ("unauthorized", 401),
        ("missing_scopes", 403),
        ("conflict", 409),
        ("locked", 423),
        ("not_found", 404),
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


def test_a_status_on_order_is_a_gateway_s_page(hubspot: Emulated) -> None:
    """5xx come as HTML, as from the servers in front of HubSpot, and what was asked is not done."""
    hubspot.order(kind="status", status=502, path="upsert")

    answer = hubspot.call("POST", UPSERT, _mary())

    assert answer.status_code == 502
    assert answer.headers["content-type"].startswith("text/html")
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

    with pytest.raises(requests.RequestException):
        hubspot.call("POST", UPSERT, _mary())

    assert hubspot.stats()["contacts"] == contacts


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

    assert hubspot.call("GET", CONTACTS).text.startswith("<html>")


def test_a_fault_strikes_where_and_as_often_as_ordered(hubspot: Emulated) -> None:
    """A fault waits for its path and its text, lets some pass, strikes some, and is over."""
    hubspot.order(kind="status", status=500, path="upsert", contains="mary", skip=1, times=2)

    other_path = hubspot.call("GET", CONTACTS)
    other_text = hubspot.call("POST", UPSERT, {"inputs": []})
    struck = [hubspot.call("POST", UPSERT, _mary()).status_code for _ in range(4)]

    assert (other_path.status_code, other_text.status_code) == (200, 200)
    assert struck == [200, 500, 500, 200]


@pytest.mark.parametrize("script", [[{"kind": "rain"}], [{"kind": "cut", "colour": "red"}], {"kind": "cut"}, 7])
def test_a_script_that_makes_no_sense_is_refused(hubspot: Emulated, script: Any) -> None:
    """An unknown kind, an unknown field or another shape is 400, and nothing is ordered."""
    answer = hubspot.session.post(f"{hubspot.url}/_faults", json=script, timeout=5)

    assert answer.status_code == 400
    assert "not a list of faults" in answer.json()["message"]
    assert hubspot.call("GET", CONTACTS).status_code == 200


def test_the_numbers_tell_what_came_in(hubspot: Emulated) -> None:
    """/_stats counts requests by path and status, contacts and the busiest ten seconds, but not itself."""
    hubspot.upsert("mary", "anna")
    hubspot.call("GET", "/nowhere")

    assert hubspot.stats() == {
        "requests": 2,
        "by_path": {f"POST {UPSERT}": 1, "GET /nowhere": 1},
        "by_status": {"200": 1, "404": 1},
        "max_requests_in_10s": 2,
        "violations": 0,
        "contacts": 2,
    }


def test_all_contacts_can_be_compared(hubspot: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    """/_contacts gives all contacts with their properties, page by page."""
    monkeypatch.setattr("babynames_assets.emulators.hubspot.admin.DUMP_SIZE", 2)
    hubspot.upsert("a", "b", "c")

    first = hubspot.session.get(f"{hubspot.url}/_contacts", timeout=5).json()
    second = hubspot.session.get(f"{hubspot.url}/_contacts?after={first['after']}", timeout=5).json()

    assert [one["properties"]["firstname"] for one in first["results"] + second["results"]] == ["a", "b", "c"]
    assert second["after"] is None


def test_a_restart_keeps_contacts_and_properties(tmp_path: Path) -> None:
    """With a state file, contacts, ids, unique values and properties are there after a restart."""
    property_ = {"name": "nick", "label": "x", "type": "string", "fieldType": "text", "groupName": "contactinformation"}
    with emulated_hubspot(state_file=tmp_path / "state.sqlite") as before:
        before.call("POST", "/crm/properties/2026-03/contacts", property_)
        [mary] = before.upsert("mary", nick="m")

    with emulated_hubspot(state_file=tmp_path / "state.sqlite") as after:
        [again] = after.upsert("mary", nick="n")

        assert (again["id"], again["new"]) == (mary["id"], False)
        assert after.stats()["contacts"] == 1


def test_a_killed_emulator_keeps_what_it_answered_for(tmp_path: Path) -> None:
    """SIGKILL loses no contact of a batch that was answered."""
    file = tmp_path / "state.sqlite"
    command = [sys.executable, "-c", PROGRAM, str(file), TOKEN]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        killed = Emulated(process.stdout.readline().strip())
        killed.upsert(*(f"n{number}" for number in range(100)))
    finally:
        process.kill()
        process.communicate()
        killed.session.close()

    with emulated_hubspot(state_file=file) as after:
        assert after.stats()["contacts"] == 100


def test_memory_is_forgotten() -> None:
    """Without a state file every start is a new account."""
    with emulated_hubspot() as before:
        before.upsert("mary")

    with emulated_hubspot() as after:
        assert after.stats()["contacts"] == 0


def test_a_batch_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """When the state file refuses a write in the middle of a batch, none of it is there."""
    file = tmp_path / "state.sqlite"
    with emulated_hubspot(state_file=file) as hubspot:
        other = sqlite3.connect(file)
        other.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON contacts WHEN instr(NEW.properties, 'anna') "
            "BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        other.commit()
        other.close()

        answer = hubspot.call("POST", UPSERT, {"inputs": [_input("mary"), _input("anna"), _input("zoe")]})

        assert answer.status_code == 500
        assert "disk full" in answer.json()["message"]
        assert hubspot.stats()["contacts"] == 0


def _mary() -> dict[str, Any]:
    return {"inputs": [_input("mary")]}


def _input(name: str) -> dict[str, Any]:
    return {"id": f"{name}@example.com", "idProperty": "email", "properties": {"firstname": name}}
