"""The emulated batch calls do what HubSpot's do, in all versions of the paths."""

from collections.abc import Iterator
from typing import Any

import pytest

from babynames_assets_tests.hubspot.emulated import UPSERT, Clock, Emulated, emulated_hubspot

CONTACTS = "/crm/objects/2026-03/contacts"
CLOCK = Clock()


@pytest.fixture(scope="module", params=["memory", "file"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """One emulator in memory, and one with a state file, with a clock that stands still."""
    file = tmp_path_factory.mktemp("hubspot") / "state.sqlite" if request.param == "file" else None
    with emulated_hubspot(state_file=file, clock=CLOCK) as emulated:
        yield emulated


@pytest.fixture
def hubspot(running: Emulated) -> Emulated:
    """The emulator with a new account, at the time when its clock began."""
    CLOCK.now = Clock().now
    running.reset()
    return running


def one(address: str, trace: str | None = None, /, **properties: Any) -> dict[str, Any]:
    """An input that is found by its e-mail address."""
    item: dict[str, Any] = {"id": address, "idProperty": "email", "properties": properties}
    return item if trace is None else {**item, "objectWriteTraceId": trace}


def test_an_upsert_creates_then_updates(hubspot: Emulated) -> None:
    """The first upsert makes a new contact, the second changes it; the answer holds the whole property bag."""
    first = hubspot.call("POST", UPSERT, {"inputs": [one("A@B.co", "t-1", firstname="Mary")]})
    second = hubspot.call("POST", UPSERT, {"inputs": [one("a@b.co", "t-2", lastname="Smith")]})

    made, changed = first.json()["results"][0], second.json()["results"][0]
    assert (first.status_code, second.status_code) == (200, 200)
    assert (made["new"], changed["new"]) == (True, False)
    assert (made["objectWriteTraceId"], changed["objectWriteTraceId"]) == ("t-1", "t-2")
    assert made["id"] == changed["id"]
    assert changed["properties"]["email"] == "a@b.co"
    assert changed["properties"]["firstname"] == "Mary"
    assert changed["properties"]["hs_object_id"] == made["id"]
    assert made["createdAt"] == "2026-11-23T17:00:00.000Z"
    assert first.json()["status"] == "COMPLETE"


def test_an_upsert_that_changes_nothing_keeps_its_time(hubspot: Emulated) -> None:
    """The time of the update moves with a change, and only then."""
    hubspot.upsert("mary", lastname="a")
    CLOCK.now += 1

    same = hubspot.upsert("mary", lastname="a")[0]
    changed = hubspot.upsert("mary", lastname="b")[0]

    assert same["updatedAt"] == same["createdAt"]
    assert changed["updatedAt"] > changed["createdAt"]


def test_an_empty_value_clears(hubspot: Emulated) -> None:
    """A property that is set to nothing is gone."""
    hubspot.upsert("mary", lastname="Smith")

    cleared = hubspot.upsert("mary", lastname="")[0]

    assert "lastname" not in cleared["properties"]


def test_results_do_not_keep_the_order_of_the_inputs(hubspot: Emulated) -> None:
    """Results come in another order than the inputs, as nobody may rely on it."""
    inputs = [one(f"n{number}@b.co", firstname="x") for number in range(5)]

    results = hubspot.call("POST", UPSERT, {"inputs": inputs}).json()["results"]

    assert [result["properties"]["email"] for result in results] != [item["id"] for item in inputs]


def test_with_trace_ids_the_good_ones_are_written(hubspot: Emulated) -> None:
    """207: the bad input is named by its trace id, with the details as JSON in the message; the good one is there."""
    answer = hubspot.call("POST", UPSERT, {"inputs": [one("a@b.co", "t-1", firstname="a"), one("bad", "t-2")]})

    body = answer.json()
    assert answer.status_code == 207
    assert body["numErrors"] == 1
    assert body["errors"][0]["context"] == {"objectWriteTraceId": ["t-2"]}
    assert body["errors"][0]["message"] == (
        'Property values were not valid: [{"isValid":false,"message":"Email address bad is invalid",'
        '"error":"INVALID_EMAIL","name":"email"}]'
    )
    assert [result["objectWriteTraceId"] for result in body["results"]] == ["t-1"]
    assert hubspot.stats()["contacts"] == 1


def test_without_trace_ids_one_bad_input_refuses_all(hubspot: Emulated) -> None:
    """400: nothing is written when a bad input cannot be named."""
    answer = hubspot.call("POST", UPSERT, {"inputs": [one("a@b.co", firstname="a"), one("bad")]})

    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"
    assert answer.json()["correlationId"] == answer.headers["x-hubspot-correlation-id"]
    assert hubspot.stats()["contacts"] == 0


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([one("a@b.co"), one("a@b.co")], "Duplicate IDs found in batch input: [a@b.co]. IDs must be unique"),
        ([one(f"n{n}@b.co") for n in range(101)], "The maximum number of inputs supported in a batch is 100. "),
        (
            [{"id": "x", "idProperty": "firstname", "properties": {}}],
            "Unable to perform update/upsert by non-unique 0-1",
        ),
        ([{"id": "7", "properties": {}}], "Unable to perform update/upsert by non-unique 0-1 property hs_object_id"),
        ([{"id": "7", "idProperty": "nothing", "properties": {}}], "Unable to perform update/upsert by non-unique"),
        ([{"idProperty": "email", "properties": {}}], "Invalid input JSON on line 1, column 1: Some required fields"),
        ([{"id": "a@b.co", "idProperty": "email"}], "Invalid input JSON on line 1, column 1: Cannot deserialize"),
        ([one("a@b.co", firstname=["a"])], "Invalid input JSON on line 1, column 1: Cannot deserialize"),
        (["a@b.co"], "Invalid input JSON on line 1, column 1: Cannot deserialize"),
        (None, "Invalid input JSON on line 1, column 1: Cannot deserialize"),
    ],
)
def test_a_batch_that_is_wrong_as_a_whole_is_refused(hubspot: Emulated, inputs: Any, message: str) -> None:
    """Duplicate ids, too many inputs, a property that is not unique or a wrong shape refuse the batch."""
    answer = hubspot.call("POST", UPSERT, {"inputs": inputs})

    assert answer.status_code == 400
    assert answer.json()["message"].startswith(message)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(hubspot: Emulated, body: bytes) -> None:
    """Broken JSON is 400 without a category."""
    headers = {"Authorization": "Bearer pat-test-canary-5f2c"}

    answer = hubspot.session.post(hubspot.url + UPSERT, data=body, headers=headers, timeout=5)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid input JSON")
    assert "category" not in answer.json()


@pytest.mark.parametrize("trace", [None, "t-1"])
def test_an_upsert_that_takes_another_contact_s_value_is_a_conflict(hubspot: Emulated, trace: str | None) -> None:
    """409 for the whole batch, with trace ids too, when a unique value belongs to another contact."""
    hubspot.upsert("mary", "anna")

    answer = hubspot.call("POST", UPSERT, {"inputs": [one("mary@example.com", trace, email="anna@example.com")]})

    assert answer.status_code == 409
    assert answer.json()["category"] == "CONFLICT"


def test_two_new_contacts_cannot_share_a_value(hubspot: Emulated) -> None:
    """Two inputs of one batch cannot both take the same unique value."""
    both = [{"properties": {"email": "a@b.co"}, "objectWriteTraceId": f"t-{number}"} for number in (1, 2)]

    answer = hubspot.call("POST", f"{CONTACTS}/batch/create", {"inputs": both})

    assert answer.status_code == 207
    assert answer.json()["errors"][0]["context"]["objectWriteTraceId"] == ["t-2"]
    assert answer.json()["errors"][0]["category"] == "CONFLICT"


def test_a_batch_of_new_contacts_is_created(hubspot: Emulated) -> None:
    """201 with the contacts; the address that is taken already is 409."""
    inputs = [{"properties": {"email": "a@b.co", "firstname": "Mary"}}]

    first = hubspot.call("POST", f"{CONTACTS}/batch/create", {"inputs": inputs})
    second = hubspot.call("POST", f"{CONTACTS}/batch/create", {"inputs": inputs})

    assert first.status_code == 201
    assert "new" not in first.json()["results"][0]
    assert second.status_code == 409
    assert second.json()["message"] == f"Contact already exists. Existing ID: {first.json()['results'][0]['id']}"


def test_a_contact_needs_a_name_or_an_address(hubspot: Emulated) -> None:
    """A contact without e-mail address, first and last name is refused."""
    answer = hubspot.call("POST", f"{CONTACTS}/batch/create", {"inputs": [{"properties": {"phone": "1"}}]})

    assert answer.status_code == 400
    assert "REQUIRED_PROPERTY" in answer.json()["message"]


def test_a_batch_update_finds_by_id_or_by_value(hubspot: Emulated) -> None:
    """Contacts are updated by their ids and by a unique property; an unknown one is an error of its own."""
    mary, anna = hubspot.upsert("mary", "anna")
    inputs = [
        {"id": mary["id"], "properties": {"lastname": "1"}, "objectWriteTraceId": "t-1"},
        one("anna@example.com", "t-2", lastname="2"),
        {"id": "1", "properties": {"lastname": "3"}, "objectWriteTraceId": "t-3"},
    ]

    answer = hubspot.call("POST", f"{CONTACTS}/batch/update", {"inputs": inputs})

    assert answer.status_code == 207
    assert {one["id"]: one["properties"]["lastname"] for one in answer.json()["results"]} == {
        mary["id"]: "1",
        anna["id"]: "2",
    }
    assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"


def test_a_batch_read_shows_what_is_asked_for(hubspot: Emulated) -> None:
    """The properties asked for come, with null for what is not set; unknown ids are errors of a 207."""
    [mary] = hubspot.upsert("mary")
    body = {"idProperty": "email", "inputs": [{"id": "MARY@example.com"}], "properties": ["firstname", "phone"]}

    by_value = hubspot.call("POST", f"{CONTACTS}/batch/read", body)
    by_id = hubspot.call("POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": mary["id"]}, {"id": "1"}]})

    assert by_value.status_code == 200
    shown = by_value.json()["results"][0]["properties"]
    assert (shown["firstname"], shown["phone"]) == ("mary", None)
    assert "email" not in shown
    assert by_id.status_code == 207
    assert by_id.json()["errors"][0]["context"] == {"ids": ["1"]}
    assert len(by_id.json()["results"]) == 1


def test_a_batch_archive_hides_and_frees(hubspot: Emulated) -> None:
    """204 without a body; archived contacts are hidden from reads and their values are free."""
    [mary] = hubspot.upsert("mary")

    answer = hubspot.call("POST", f"{CONTACTS}/batch/archive", {"inputs": [{"id": mary["id"]}, {"id": "1"}]})

    assert answer.status_code == 204
    assert answer.content == b""
    assert hubspot.call("POST", f"{CONTACTS}/batch/read", {"inputs": [{"id": mary["id"]}]}).status_code == 207
    assert hubspot.upsert("mary")[0]["new"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"missing": "x"}, "PROPERTY_DOESNT_EXIST"),
        ({"createdate": "2026-01-01"}, "READ_ONLY_VALUE"),
        ({"lifecyclestage": "unknown"}, "INVALID_OPTION"),
        ({"score": "1,000"}, "INVALID_INTEGER"),
        ({"score": "many"}, "INVALID_INTEGER"),
        ({"agreed": "maybe"}, "INVALID_OPTION"),
        ({"seen": "yesterday"}, "INVALID_DATE"),
        ({"hobbies": "chess;golf"}, "INVALID_OPTION"),
        ({"firstname": "x" * 65_537}, "INVALID_STRING_LENGTH"),
        ({"email": "a b@c.de"}, "INVALID_EMAIL"),
    ],
)
def test_a_bad_value_is_refused_with_hubspot_s_code(hubspot: Emulated, values: dict[str, str], code: str) -> None:
    """Each kind of bad value has the code that HubSpot gives it."""
    _more_properties(hubspot)

    answer = hubspot.call("POST", UPSERT, {"inputs": [one("a@b.co", "t-1", **{"firstname": "a", **values})]})

    assert answer.status_code == 207
    assert f'"error":"{code}"' in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "values",
    [
        {"score": "12.5"},
        {"score": "-3"},
        {"score": 12},
        {"agreed": True},
        {"agreed": False},
        {"seen": "2026-11-23"},
        {"seen": "1795453200000"},
        {"hobbies": "chess"},
        {"lifecyclestage": "customer"},
        {"phone": None},
        {"phone": "+44 1 2"},
    ],
)
def test_a_good_value_is_taken(hubspot: Emulated, values: dict[str, Any]) -> None:
    """Numbers, dates, options and flags are taken as text or as JSON's own; null clears."""
    _more_properties(hubspot)

    answer = hubspot.call("POST", UPSERT, {"inputs": [one("a@b.co", firstname="a", **values)]})

    assert answer.status_code == 200


def _more_properties(hubspot: Emulated) -> None:
    kinds = [("score", "number", "number"), ("agreed", "bool", "booleancheckbox"), ("seen", "date", "date")]
    definitions: list[dict[str, Any]] = [
        {"name": name, "type": kind, "fieldType": field} for name, kind, field in kinds
    ]
    options = [{"label": "Chess", "value": "chess", "displayOrder": 0, "hidden": False}]
    definitions.append({"name": "hobbies", "type": "enumeration", "fieldType": "checkbox", "options": options})
    for definition in definitions:
        body = {**definition, "label": "x", "groupName": "contactinformation"}
        assert hubspot.call("POST", "/crm/properties/2026-03/contacts", body).status_code == 201
