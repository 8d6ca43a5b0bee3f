"""Single contacts, lists, search and properties of the emulated account, and the page for people."""

from collections.abc import Iterator
from typing import Any

import pytest

from babynames_assets_tests.hubspot.emulated import Emulated, emulated_hubspot

CONTACTS = "/crm/v3/objects/contacts"
PROPERTIES = "/crm/v3/properties/contacts"
NEW_PROPERTY = {
    "name": "nick_name", "label": "Nick", "type": "string", "fieldType": "text", "groupName": "contactinformation",
}  # fmt: skip


@pytest.fixture(scope="module", params=["memory", "file"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    """One emulator in memory, and one with a state file."""
    file = tmp_path_factory.mktemp("hubspot") / "state.sqlite" if request.param == "file" else None
    with emulated_hubspot(state_file=file) as emulated:
        yield emulated


@pytest.fixture
def hubspot(running: Emulated) -> Emulated:
    """The emulator with a new account."""
    running.reset()
    return running


def search(hubspot: Emulated, *filters: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Search with one group of filters."""
    body = {"filterGroups": [{"filters": list(filters)}] if filters else [], **more}
    answer = hubspot.call("POST", f"{CONTACTS}/search", body)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    """The first names in an answer."""
    return [result["properties"]["firstname"] for result in found["results"]]


def test_a_contact_lives_through_its_calls(hubspot: Emulated) -> None:
    """A contact is created with its address, read, changed and archived; then it is not found any more."""
    made = hubspot.call("POST", CONTACTS, {"properties": {"email": "a@b.co", "firstname": "Mary"}})
    path = f"{CONTACTS}/{made.json()['id']}"
    by_value = hubspot.call("GET", f"{CONTACTS}/A@b.co?idProperty=email&properties=firstname,phone")
    changed = hubspot.call("PATCH", path, {"properties": {"firstname": "Anna"}})
    archived = hubspot.call("DELETE", path)

    assert (made.status_code, changed.status_code, archived.status_code) == (201, 200, 204)
    assert made.headers["location"].endswith(made.json()["id"])
    assert by_value.json()["properties"]["firstname"] == "Mary"
    assert changed.json()["properties"]["firstname"] == "Anna"
    assert hubspot.call("GET", path).json()["category"] == "OBJECT_NOT_FOUND"
    assert hubspot.call("GET", f"{path}?archived=true").json()["archived"]
    assert hubspot.call("PATCH", path, {"properties": {}}).status_code == 404


def test_a_second_contact_with_an_address_is_a_conflict(hubspot: Emulated) -> None:
    """Creating a contact that exists is 409 and names it."""
    [mary] = hubspot.upsert("mary")

    answer = hubspot.call("POST", CONTACTS, {"properties": {"email": "mary@example.com"}})

    assert answer.status_code == 409
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {mary['id']}"


def test_a_list_is_walked_page_by_page(hubspot: Emulated) -> None:
    """Following paging.next reaches every contact once; ten a page by default."""
    hubspot.upsert(*(f"n{number}" for number in range(23)))
    found, after, pages = [], "0", 0

    while after:
        page = hubspot.call("GET", f"{CONTACTS}?after={after}").json()
        found += names(page)
        after = page.get("paging", {}).get("next", {}).get("after", "")
        pages += 1

    assert found == [f"n{number}" for number in range(23)]
    assert pages == 3


def test_archived_contacts_have_a_list_of_their_own(hubspot: Emulated) -> None:
    """The list shows what lives, and with archived=true what does not."""
    mary, _ = hubspot.upsert("mary", "anna")
    hubspot.call("DELETE", f"{CONTACTS}/{mary['id']}")

    assert names(hubspot.call("GET", CONTACTS).json()) == ["anna"]
    assert names(hubspot.call("GET", f"{CONTACTS}?archived=true").json()) == ["mary"]


@pytest.mark.parametrize("query", ["limit=101", "limit=x", "after=-1"])
def test_a_page_that_cannot_be_is_refused(hubspot: Emulated, query: str) -> None:
    """A limit above 100, or a number that is none, is 400."""
    assert hubspot.call("GET", f"{CONTACTS}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("operator", "more", "expected"),
    [
        ("EQ", {"value": "ANNA"}, ["Anna"]),
        ("NEQ", {"value": "anna"}, ["Mary", "Zoë"]),
        ("IN", {"values": ["anna", "mary"]}, ["Anna", "Mary"]),
        ("NOT_IN", {"values": ["anna", "mary"]}, ["Zoë"]),
        ("CONTAINS_TOKEN", {"value": "*ar*"}, ["Mary"]),
        ("NOT_CONTAINS_TOKEN", {"value": "ar"}, ["Anna", "Zoë"]),
        ("GT", {"value": "b"}, ["Mary", "Zoë"]),
        ("HAS_PROPERTY", {}, ["Anna", "Mary", "Zoë"]),
        ("NOT_HAS_PROPERTY", {}, []),
    ],
)
def test_text_is_searched(hubspot: Emulated, operator: str, more: dict[str, Any], expected: list[str]) -> None:
    """Each operator on text finds what it should, without regard to case."""
    hubspot.upsert("Anna", "Mary", "Zoë")

    found = search(hubspot, {"propertyName": "firstname", "operator": operator, **more})

    assert sorted(names(found)) == expected
    assert found["total"] == len(expected)


@pytest.mark.parametrize(
    ("operator", "more", "expected"),
    [
        ("LT", {"value": "10"}, ["n9"]),
        ("LTE", {"value": "10"}, ["n10", "n9"]),
        ("GT", {"value": 10}, ["n100"]),
        ("GTE", {"value": "10"}, ["n10", "n100"]),
        ("BETWEEN", {"value": "9", "highValue": "10"}, ["n10", "n9"]),
        ("EQ", {"value": "100"}, ["n100"]),
    ],
)
def test_numbers_are_searched_as_numbers(
    hubspot: Emulated, operator: str, more: dict[str, Any], expected: list[str]
) -> None:
    """Nine is less than ten, although the text is not."""
    hubspot.call("POST", PROPERTIES, {**NEW_PROPERTY, "name": "births", "type": "number", "fieldType": "number"})
    for births in ("9", "10", "100"):
        hubspot.upsert(f"n{births}", births=births)

    found = search(hubspot, {"propertyName": "births", "operator": operator, **more})

    assert sorted(names(found)) == expected


@pytest.mark.parametrize(
    ("operator", "more", "expected"),
    [
        ("HAS_PROPERTY", {}, ["anna"]),
        ("NOT_HAS_PROPERTY", {}, ["mary"]),
        ("GTE", {"value": "0"}, ["anna"]),
        ("NEQ", {"value": "9"}, ["mary"]),
        ("NOT_IN", {"values": ["10"]}, ["anna"]),
    ],
)
def test_a_contact_without_the_number_is_found_by_what_asks_for_none(
    hubspot: Emulated, operator: str, more: dict[str, Any], expected: list[str]
) -> None:
    """No comparison holds for a number that is not there, but that it differs."""
    hubspot.call("POST", PROPERTIES, {**NEW_PROPERTY, "name": "births", "type": "number", "fieldType": "number"})
    hubspot.upsert("anna", births="9")
    hubspot.upsert("mary")

    assert names(search(hubspot, {"propertyName": "births", "operator": operator, **more})) == expected


def test_groups_are_alternatives_and_filters_are_not(hubspot: Emulated) -> None:
    """A contact matches if all filters of one group do."""
    hubspot.upsert("anna", lastname="a")
    hubspot.upsert("mary", lastname="b")
    hubspot.upsert("zoe", lastname="c")
    groups = [
        {"filters": [_is("firstname", "anna"), _is("lastname", "b")]},
        {"filters": [_is("firstname", "zoe"), _is("lastname", "c")]},
    ]

    answer = hubspot.call("POST", f"{CONTACTS}/search", {"filterGroups": groups})

    assert names(answer.json()) == ["zoe"]


def test_a_search_by_words_and_without_conditions(hubspot: Emulated) -> None:
    """A query looks into all values; a search without conditions finds all, page by page."""
    [anna, *_] = hubspot.upsert("anna", "mary", "zoe")

    assert names(search(hubspot, query="MARY@")) == ["mary"]
    page = search(hubspot, limit=2, sorts=["createdate"], after="0")
    assert (page["total"], page["paging"]["next"]["after"]) == (3, "2")
    assert len(search(hubspot, limit=2, after=2)["results"]) == 1
    assert names(search(hubspot, _is("hs_object_id", anna["id"]))) == ["anna"]


def _is(name: str, value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": "EQ", "value": value}


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": "x"},
        {"limit": 100, "after": "9901"},
        {"filterGroups": [{"filters": []}] * 6},
        {"filterGroups": [{"filters": [_is("firstname", "a")] * 7}]},
        {"filterGroups": [{"filters": [_is("missing", "a")]}]},
        {"filterGroups": [{"filters": [_is("createdate", "a")]}]},
        {"filterGroups": [{"filters": [{"propertyName": "firstname", "operator": "LIKE", "value": "a"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "firstname", "operator": "IN", "values": "a"}]}]},
        {"filterGroups": [{"filters": [{"propertyName": "x') OR 1 --", "operator": "EQ", "value": "a"}]}]},
    ],
)
def test_a_search_beyond_its_limits_is_refused(hubspot: Emulated, body: dict[str, Any]) -> None:
    """More than 200 a page, more than 10,000 in all, too many filters, unknown properties and operators are 400."""
    answer = hubspot.call("POST", f"{CONTACTS}/search", body)

    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{CONTACTS}/search", {"filterGroups": 7}),
        (f"{CONTACTS}/search", {"filterGroups": ["a"]}),
        (f"{CONTACTS}/search", {"filterGroups": [{"filters": {"a": 1}}]}),
        (f"{CONTACTS}/search", {"properties": [1]}),
        (f"{CONTACTS}/batch/read", {"inputs": [{"id": "1"}], "properties": [["a"]]}),
        (f"{CONTACTS}/batch/read", {"inputs": [{"id": "1"}], "idProperty": ["email"]}),
        (f"{CONTACTS}/batch/upsert", {"inputs": [{"id": "1", "idProperty": {}, "properties": {}}]}),
        (f"{CONTACTS}/batch/create", {"inputs": [{"objectWriteTraceId": 1, "properties": {}}]}),
        (f"{CONTACTS}/batch/create", {"inputs": [{"properties": {"firstname": "\ud800"}}]}),
        (f"{CONTACTS}/batch/archive", {"inputs": [{"id": None}]}),
        (CONTACTS, {"properties": None}),
        (PROPERTIES, {**NEW_PROPERTY, "label": 7}),
        (PROPERTIES, {**NEW_PROPERTY, "options": "a"}),
    ],
)
def test_a_field_of_another_shape_is_refused_as_unreadable(hubspot: Emulated, path: str, body: dict[str, Any]) -> None:
    """A field that should be text, a list or an object and is not gets the answer of HubSpot's JSON parser."""
    answer = hubspot.call("POST", path, body)

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Invalid input JSON on line 1, column 1: ")
    assert "category" not in answer.json()


def test_a_character_beyond_the_first_plane_is_taken(hubspot: Emulated) -> None:
    """A whole character that JSON writes as two halves is text like any other."""
    [made] = hubspot.upsert("mary", lastname="\U0001f600")

    assert made["properties"]["lastname"] == "\U0001f600"


def test_a_property_lives_through_its_calls(hubspot: Emulated) -> None:
    """A property is created once, listed, changed except for its uniqueness, used and archived."""
    made = hubspot.call("POST", PROPERTIES, NEW_PROPERTY)
    again = hubspot.call("POST", PROPERTIES, NEW_PROPERTY)
    path = f"{PROPERTIES}/nick_name"
    changed = hubspot.call("PATCH", path, {"label": "Nickname", "hasUniqueValue": True})
    listed = [one["name"] for one in hubspot.call("GET", PROPERTIES).json()["results"]]
    archived = hubspot.call("DELETE", path)

    assert (made.status_code, again.status_code, archived.status_code) == (201, 409, 204)
    assert (changed.json()["label"], changed.json()["hasUniqueValue"]) == ("Nickname", False)
    assert {"nick_name", "email"} <= set(listed)
    assert hubspot.call("GET", path).status_code == 404


@pytest.mark.parametrize(
    "changes",
    [
        {"label": ""},
        {"name": "Nick"},
        {"name": "1nick"},
        {"type": "text"},
        {"fieldType": "string"},
        {"groupName": None},
        {"options": [{"label": "A"}]},
    ],
)
def test_a_property_that_cannot_be_is_refused(hubspot: Emulated, changes: dict[str, Any]) -> None:
    """A missing field, a bad name or an unknown type is 400."""
    assert hubspot.call("POST", PROPERTIES, {**NEW_PROPERTY, **changes}).status_code == 400


def test_built_in_properties_stay(hubspot: Emulated) -> None:
    """HubSpot's own properties are neither changed nor archived."""
    assert hubspot.call("PATCH", f"{PROPERTIES}/email", {"label": "x"}).status_code == 400
    assert hubspot.call("DELETE", f"{PROPERTIES}/email").status_code == 400


@pytest.mark.parametrize(
    "path", ["/", "/crm/v3/objects/companies", "/crm/v9/objects/contacts", "/crm/objects/2025-01/contacts"]
)
def test_an_unknown_path_is_not_found(hubspot: Emulated, path: str) -> None:
    """404 with HubSpot's body, for old and unknown versions too."""
    answer = hubspot.call("GET", path)

    assert answer.status_code == 404
    assert answer.json()["message"] == "resource not found"


@pytest.mark.parametrize("version", ["v3", "2026-03"])
def test_the_account_names_this_server_as_the_host_of_its_pages(hubspot: Emulated, version: str) -> None:
    """The account's details lead people to this server, and say where its midnight is."""
    details = hubspot.call("GET", f"/account-info/{version}/details").json()

    assert details["uiDomain"] == hubspot.url.removeprefix("http://")
    assert details["timeZone"] == "America/New_York"
    assert details["utcOffset"] in ("-05:00", "-04:00")
    assert details["utcOffsetMilliseconds"] == int(details["utcOffset"][:3]) * 3_600_000


def test_the_page_for_people_escapes_and_pages(hubspot: Emulated) -> None:
    """The page shows contacts as text, never as markup, a hundred at a time."""
    hubspot.upsert(*(f"n{number}" for number in range(100)))
    hubspot.upsert("last", lastname="<script>alert(1)</script>")
    address = f"{hubspot.url}/contacts/62515/objects/0-1/views/all/list"

    first = hubspot.session.get(address, timeout=5).text
    after = first.split('href="')[1].split('"')[0]
    second = hubspot.session.get(address + after, timeout=5).text

    assert "101 contacts" in first
    assert "&lt;script&gt;" in second
    assert "<script>" not in second
    assert "Next page" not in second
    assert hubspot.session.get(f"{address}?after=x", timeout=5).text == first
