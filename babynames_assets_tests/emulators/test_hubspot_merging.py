"""Merged contacts: one is left, the id of the other leads to it, and a batch passes over that id in silence."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from babynames_assets_tests.hubspot.emulated import UPSERT, Emulated, emulated_hubspot

CONTACTS = "/crm/objects/2026-03/contacts"


@pytest.fixture(params=["memory", "file"])
def hubspot(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Emulated]:
    """A new account, in memory and with a state file."""
    with emulated_hubspot(state_file=tmp_path / "state.sqlite" if request.param == "file" else None) as emulated:
        yield emulated


@pytest.fixture
def merged(hubspot: Emulated) -> tuple[str, str]:
    """The ids of mary, who is left, and of anna, who was merged into her."""
    mary, anna = hubspot.upsert("mary", "anna", phone="1")
    hubspot.upsert("anna", lastname="Smith", phone="2")
    body = {"primaryObjectId": mary["id"], "objectIdToMerge": anna["id"]}
    answer = hubspot.call("POST", f"{CONTACTS}/merge", body)
    assert answer.status_code == 200
    assert answer.json()["id"] == mary["id"]
    return mary["id"], anna["id"]


def read(hubspot: Emulated, contact_id: str) -> dict[str, Any]:
    """A contact by its id."""
    answer = hubspot.call("GET", f"{CONTACTS}/{contact_id}?properties=firstname,lastname,phone")
    assert answer.status_code == 200
    contact: dict[str, Any] = answer.json()
    return contact


def test_the_contact_that_is_left_keeps_its_values_and_takes_the_others(
    hubspot: Emulated, merged: tuple[str, str]
) -> None:
    """Values of its own win, what only the other had is taken over, and there is one contact less."""
    values = read(hubspot, merged[0])["properties"]

    assert (values["firstname"], values["lastname"], values["phone"]) == ("mary", "Smith", "1")
    assert hubspot.stats()["contacts"] == 1


def test_the_id_of_a_merged_contact_leads_to_the_other(hubspot: Emulated, merged: tuple[str, str]) -> None:
    """Read and changed by the old id, the contact that is left answers, with its own id."""
    left, gone = merged

    changed = hubspot.call("PATCH", f"{CONTACTS}/{gone}", {"properties": {"phone": "3"}})

    assert (changed.status_code, changed.json()["id"]) == (200, left)
    assert read(hubspot, gone)["id"] == left
    assert read(hubspot, left)["properties"]["phone"] == "3"


def test_a_batch_update_passes_over_a_merged_id_in_silence(hubspot: Emulated, merged: tuple[str, str]) -> None:
    """200 with the other results and without errors; an id that never was is an error all the same."""
    left, gone = merged
    inputs = [{"id": one, "properties": {"phone": "9"}, "objectWriteTraceId": one} for one in (left, gone)]

    answer = hubspot.call("POST", f"{CONTACTS}/batch/update", {"inputs": inputs})
    unknown = hubspot.call("POST", f"{CONTACTS}/batch/update", {"inputs": [{**inputs[0], "id": "1"}]})

    assert answer.status_code == 200
    assert [one["objectWriteTraceId"] for one in answer.json()["results"]] == [left]
    assert "errors" not in answer.json()
    assert unknown.status_code == 207


def test_a_batch_read_by_a_merged_id_finds_the_other_once(hubspot: Emulated, merged: tuple[str, str]) -> None:
    """Asked for both ids, there is one contact."""
    answer = hubspot.call("POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": one} for one in merged]})

    assert answer.status_code == 200
    assert [one["id"] for one in answer.json()["results"]] == [merged[0]]


def test_an_archive_of_a_merged_id_leaves_the_other(hubspot: Emulated, merged: tuple[str, str]) -> None:
    """204, and the contact that is left is still there."""
    assert hubspot.call("POST", f"{CONTACTS}/batch/archive", {"inputs": [{"id": merged[1]}]}).status_code == 204
    assert hubspot.call("DELETE", f"{CONTACTS}/{merged[1]}").status_code == 204
    assert hubspot.stats()["contacts"] == 1


def test_the_key_of_a_merged_contact_is_free(hubspot: Emulated, merged: tuple[str, str]) -> None:
    """An upsert by it makes a new contact."""
    [anna] = hubspot.upsert("anna")

    assert anna["new"]
    assert anna["id"] not in merged


def test_a_merged_contact_can_be_merged_on(hubspot: Emulated, merged: tuple[str, str]) -> None:
    """Both old ids lead to the last one; once that is archived they lead nowhere."""
    left, gone = merged
    [zoe] = hubspot.upsert("zoe")
    hubspot.call("POST", f"{CONTACTS}/merge", {"primaryObjectId": zoe["id"], "objectIdToMerge": left})

    assert {read(hubspot, one)["id"] for one in (left, gone)} == {zoe["id"]}
    hubspot.call("DELETE", f"{CONTACTS}/{zoe['id']}")
    assert hubspot.call("GET", f"{CONTACTS}/{gone}").status_code == 404


@pytest.mark.parametrize("other", ["1", "", "same", "archived"])
def test_a_contact_that_is_not_there_cannot_be_merged(hubspot: Emulated, other: str) -> None:
    """404 for an unknown id, for none, for one that is archived, and for a contact into itself."""
    mary, anna = hubspot.upsert("mary", "anna")
    hubspot.call("DELETE", f"{CONTACTS}/{anna['id']}")
    gone = {"same": mary["id"], "archived": anna["id"]}.get(other, other)

    answer = hubspot.call("POST", f"{CONTACTS}/merge", {"primaryObjectId": mary["id"], "objectIdToMerge": gone})

    assert answer.status_code == 404
    assert hubspot.stats()["contacts"] == 1


def test_the_fault_merges_before_the_work_is_done(hubspot: Emulated) -> None:
    """The first contact of the batch that exists goes into the last, so that the batch meets a merged id."""
    hubspot.upsert("mary", "anna", "zoe")
    ids = [one["id"] for one in hubspot.upsert("mary", "anna", "zoe")]
    hubspot.order(kind="merge", path="batch/update")
    inputs = [{"id": one, "properties": {"phone": "1"}, "objectWriteTraceId": one} for one in ("1", *ids)]

    answer = hubspot.call("POST", f"{CONTACTS}/batch/update", {"inputs": inputs[1:]})

    assert answer.status_code == 200
    assert {one["id"] for one in answer.json()["results"]} == set(ids[1:])
    assert read(hubspot, ids[0])["id"] == ids[2]


def test_the_fault_meets_an_upsert_by_key_too(hubspot: Emulated) -> None:
    """The key of the contact that was merged away makes a new one, and no key is there twice."""
    before = {one["properties"]["email"]: one["id"] for one in hubspot.upsert("mary", "anna")}
    hubspot.order(kind="merge", path=UPSERT)

    results = hubspot.upsert("mary", "anna")

    after = {one["properties"]["email"]: (one["id"], one["new"]) for one in results}
    assert after["anna@example.com"] == (before["anna@example.com"], False)
    assert after["mary@example.com"][1]
    assert after["mary@example.com"][0] not in before.values()
    assert hubspot.stats()["contacts"] == 2
