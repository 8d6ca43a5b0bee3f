"""HubSpot's own Python client works against the emulator, and finds the types that it expects.

With client_side_validation it also checks required fields and enumerations. Not for 207: there it asks for fields that
HubSpot itself leaves out.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hubspot import HubSpot, oauth
from hubspot.crm import contacts as crm
from hubspot.crm import properties as schema

from babynames_assets.emulators.hubspot.tokens import App
from babynames_assets_tests.hubspot.emulated import TOKEN, Emulated, emulated_hubspot

PATH = "/crm/v3/objects/contacts"


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


@pytest.fixture
def strict(hubspot: Emulated) -> Any:
    """The official client, which checks what it gets."""
    return HubSpot(access_token=TOKEN, host=hubspot.url, client_side_validation=True)


@pytest.fixture
def lenient(hubspot: Emulated) -> Any:
    """The official client as it comes."""
    return HubSpot(access_token=TOKEN, host=hubspot.url, base_url=hubspot.url)


def an_input(key: str, trace: str, **properties: str) -> Any:
    """An input of an upsert, as the official client builds it."""
    return crm.SimplePublicObjectBatchInputUpsert(
        id=key, id_property="email", object_write_trace_id=trace, properties={"firstname": "x", **properties}
    )


def test_an_upsert_is_parsed(strict: Any) -> None:
    """200 of an upsert has all that the official client asks for."""
    batch = crm.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[an_input("a@b.co", "t-1")])

    answer = strict.crm.contacts.batch_api.upsert(batch)

    assert type(answer).__name__ == "BatchResponseSimplePublicUpsertObject"
    assert answer.status == "COMPLETE"
    assert answer.results[0].new is True
    assert answer.results[0].properties["email"] == "a@b.co"
    assert answer.started_at <= answer.completed_at


def test_a_partial_failure_is_parsed(lenient: Any) -> None:
    """207 of an upsert is the type with errors, each with its trace id."""
    batch = crm.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[an_input("a@b.co", "t-1"), an_input("bad", "t-2")])

    answer, status, headers = lenient.crm.contacts.batch_api.upsert_with_http_info(batch)

    assert status == 207
    assert type(answer).__name__ == "BatchResponseSimplePublicUpsertObjectWithErrors"
    assert answer.num_errors == 1
    assert answer.errors[0].category == "VALIDATION_ERROR"
    assert answer.errors[0].context == {"objectWriteTraceId": ["t-2"]}
    assert headers["x-hubspot-correlation-id"]


def test_a_batch_is_created_read_updated_and_archived(strict: Any) -> None:
    """The other batch calls are parsed too."""
    api = strict.crm.contacts.batch_api
    made = api.create(
        crm.BatchInputSimplePublicObjectBatchInputForCreate(
            inputs=[crm.SimplePublicObjectBatchInputForCreate(associations=[], properties={"email": "a@b.co"})]
        )
    )
    known = made.results[0].id
    read = api.read(
        crm.BatchReadInputSimplePublicObjectId(
            id_property="email",
            inputs=[crm.SimplePublicObjectId(id="a@b.co")],
            properties=["email"],
            properties_with_history=[],
        )
    )
    updated = api.update(
        crm.BatchInputSimplePublicObjectBatchInput(
            inputs=[crm.SimplePublicObjectBatchInput(id=known, properties={"firstname": "Anna"})]
        )
    )
    archived = api.archive(crm.BatchInputSimplePublicObjectId(inputs=[crm.SimplePublicObjectId(id=known)]))

    assert read.results[0].id == known
    assert updated.results[0].properties["firstname"] == "Anna"
    assert archived is None


def test_a_contact_lives_through_the_basic_calls(strict: Any) -> None:
    """Create, read, update, list and archive of single contacts are parsed; an unknown one is an ApiException."""
    api = strict.crm.contacts.basic_api
    made = api.create(crm.SimplePublicObjectInputForCreate(associations=[], properties={"email": "a@b.co"}))

    changed = api.update(made.id, crm.SimplePublicObjectInput(properties={"firstname": "Anna"}))
    read = api.get_by_id(made.id, properties=["firstname"])
    listed = api.get_page(limit=10)
    api.archive(made.id)

    assert changed.properties["firstname"] == read.properties["firstname"] == "Anna"
    assert [one.id for one in listed.results] == [made.id]
    with pytest.raises(crm.ApiException, match="resource not found") as caught:
        api.get_by_id(made.id)
    assert caught.value.status == 404


def test_all_contacts_are_walked(hubspot: Emulated, lenient: Any) -> None:
    """The official client's own walk over all pages reaches every contact."""
    hubspot.upsert(*(f"n{number}" for number in range(100)))
    hubspot.upsert("last")

    assert len(lenient.crm.contacts.get_all()) == 101


def test_a_search_is_parsed(hubspot: Emulated, strict: Any) -> None:
    """A search with sorts as text finds the contact."""
    hubspot.upsert("mary", "anna")
    request = crm.PublicObjectSearchRequest(
        limit=100,
        after="0",
        sorts=["createdate"],
        properties=["email"],
        filter_groups=[
            crm.FilterGroup(filters=[crm.Filter(property_name="email", operator="EQ", value="mary@example.com")])
        ],
    )

    found = strict.crm.contacts.search_api.do_search(request)

    assert found.total == 1
    assert found.results[0].properties["email"] == "mary@example.com"


def test_properties_are_parsed(strict: Any) -> None:
    """A property is created, read, listed, changed and archived."""
    api = strict.crm.properties.core_api
    wanted = schema.PropertyCreate(
        label="k",
        type="string",
        group_name="contactinformation",
        name="bn_key",
        has_unique_value=True,
        field_type="text",
    )

    made = api.create("contacts", wanted)
    changed = api.update("contacts", "bn_key", schema.PropertyUpdate(label="key"))
    listed = api.get_all("contacts")
    api.archive("contacts", "bn_key")

    assert made.has_unique_value is True
    assert changed.label == "key"
    assert "bn_key" in {one.name for one in listed.results}
    with pytest.raises(schema.ApiException):
        api.get_by_name("contacts", "bn_key")


def test_a_wrong_token_is_an_exception_of_the_client(hubspot: Emulated) -> None:
    """401 is an ApiException with HubSpot's category."""
    client = HubSpot(access_token="pat-wrong", host=hubspot.url)

    with pytest.raises(crm.ApiException, match="INVALID_AUTHENTICATION"):
        client.crm.contacts.basic_api.get_page()


@pytest.mark.parametrize("version", ["2026-03", "2026-09"])
def test_dated_paths_answer_the_client_s_plain_requests(lenient: Any, version: str) -> None:
    """The official client's plain requests reach the dated paths."""
    body = {"inputs": [{"id": "a@b.co", "idProperty": "email", "properties": {"firstname": "x"}}]}

    answer = lenient.api_request(
        {"path": f"/crm/objects/{version}/contacts/batch/upsert", "method": "POST", "body": body}
    )

    assert answer.status_code == 200
    assert answer.json()["results"][0]["new"] is True


def test_a_merge_is_parsed(hubspot: Emulated, strict: Any) -> None:
    """The contact that is left comes back, also for the id of the other."""
    mary, anna = hubspot.upsert("mary", "anna")
    merge = crm.PublicMergeInput(primary_object_id=mary["id"], object_id_to_merge=anna["id"])

    left = strict.crm.contacts.basic_api.merge(merge)
    read = strict.crm.contacts.basic_api.get_by_id(anna["id"])

    assert left.id == read.id == mary["id"]


def test_a_merged_id_is_missing_in_a_batch_update(hubspot: Emulated, strict: Any) -> None:
    """The official client sees a complete batch with one result for two inputs, and no errors."""
    mary, anna = hubspot.upsert("mary", "anna")
    hubspot.call("POST", f"{PATH}/merge", {"primaryObjectId": mary["id"], "objectIdToMerge": anna["id"]})
    inputs = [crm.SimplePublicObjectBatchInput(id=one["id"], properties={"firstname": "x"}) for one in (mary, anna)]

    answer = strict.crm.contacts.batch_api.update(crm.BatchInputSimplePublicObjectBatchInput(inputs=inputs))

    assert answer.status == "COMPLETE"
    assert [one.id for one in answer.results] == [mary["id"]]


@pytest.mark.parametrize(("kind", "status"), [("burst", 429), ("daily", 429), ("migrating", 477), ("status", 524)])
def test_a_bad_day_is_an_exception_of_the_client(hubspot: Emulated, lenient: Any, kind: str, status: int) -> None:
    """Each refusal reaches the caller as an ApiException with its status, and the next call succeeds."""
    hubspot.order(kind=kind, status=status)
    batch = crm.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[an_input("a@b.co", "t-1")])

    with pytest.raises(crm.ApiException) as caught:
        lenient.crm.contacts.batch_api.upsert(batch)

    assert caught.value.status == status
    assert lenient.crm.contacts.batch_api.upsert(batch).results[0].new is True


@pytest.mark.parametrize("fault", [{"kind": "empty"}, {"kind": "pass_over"}, {"kind": "drop"}])
def test_a_silent_answer_is_a_success_for_the_client(hubspot: Emulated, strict: Any, fault: dict[str, str]) -> None:
    """A batch that says nothing of its input is valid, which is why inputs have to be matched."""
    hubspot.order(**fault)
    batch = crm.BatchInputSimplePublicObjectBatchInputUpsert(inputs=[an_input("a@b.co", "t-1")])

    answer = strict.crm.contacts.batch_api.upsert(batch)

    assert answer.status == "COMPLETE"
    assert answer.results == []


def test_a_rule_s_refusal_is_parsed(hubspot: Emulated, lenient: Any) -> None:
    """A contact that a rule of the account refuses is an error with its trace id, beside the result of the other."""
    hubspot.order(kind="refuse", matches="^bad@")
    inputs = [an_input("a@b.co", "t-1"), an_input("bad@b.co", "t-2")]

    answer = lenient.crm.contacts.batch_api.upsert(crm.BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs))

    assert answer.num_errors == 1
    assert answer.errors[0].context == {"objectWriteTraceId": ["t-2"]}
    assert [one.object_write_trace_id for one in answer.results] == ["t-1"]


@pytest.mark.parametrize("strictness", [True, False])
def test_an_access_token_is_parsed_and_works(hubspot: Emulated, strictness: bool) -> None:
    """The official client gets a token for the refresh token of the installed app, and uses it."""
    app = App()
    client = HubSpot(host=hubspot.url, client_side_validation=strictness)

    given = client.oauth.tokens_api.create(
        grant_type="refresh_token",
        client_id=app.client_id,
        client_secret=app.client_secret,
        refresh_token=app.refresh_token,
    )
    user = HubSpot(access_token=given.access_token, host=hubspot.url)

    assert type(given).__name__ == "TokenResponseIF"
    assert (given.token_type, given.expires_in, given.refresh_token) == ("bearer", 1800, app.refresh_token)
    assert user.crm.contacts.basic_api.get_page().results == []


def test_a_refused_refresh_token_is_an_exception_of_the_client(hubspot: Emulated) -> None:
    """400 is an ApiException with HubSpot's status."""
    app = App()

    with pytest.raises(oauth.ApiException, match="BAD_REFRESH_TOKEN"):
        HubSpot(host=hubspot.url).oauth.tokens_api.create(
            grant_type="refresh_token",
            client_id=app.client_id,
            client_secret=app.client_secret,
            refresh_token="unknown",
        )
