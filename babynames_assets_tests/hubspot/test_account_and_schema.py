"""The account, its properties, and archiving."""

import pytest
from structlog.testing import capture_logs

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.hubspot.account import Account
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.properties import SCHEMA
from babynames_assets_tests.hubspot.emulated import Emulated, contact

PROPERTIES = "/crm/properties/2026-03/contacts"


def test_missing_properties_are_created(hubspot: Emulated) -> None:
    """In a new account all four properties are created; only the key has unique values."""
    client = hubspot.client()

    client.ensure_schema()

    made = {one["name"]: hubspot.call("GET", f"{PROPERTIES}/{one['name']}").json() for one in SCHEMA}
    assert {name: one["type"] for name, one in made.items()} == {
        "baby_name_key": "string",
        "gender": "string",
        "birth_year": "number",
        "births": "number",
    }
    assert [name for name, one in made.items() if one["hasUniqueValue"]] == ["baby_name_key"]
    client.close()


def test_a_complete_schema_is_only_read(client: HubSpotClient, hubspot: Emulated) -> None:
    """Where all properties exist, nothing is created."""
    client.ensure_schema()

    assert hubspot.stats()["by_path"][f"POST {PROPERTIES}"] == 4


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"name": "births", "type": "string", "fieldType": "text"}, "births exists with the type string, but number"),
        (
            {"name": "baby_name_key", "type": "string", "fieldType": "text"},
            "baby_name_key exists, but its values are not",
        ),
        ({"name": "gender", "type": "enumeration", "fieldType": "select"}, "gender exists with the type enumeration"),
    ],
)
def test_a_property_of_the_wrong_kind_stops_with_what_to_do(
    hubspot: Emulated, definition: dict[str, str], message: str
) -> None:
    """A property that cannot hold our values is named, with what is wrong and that it must go."""
    hubspot.call("POST", PROPERTIES, {**definition, "label": "x", "groupName": "contactinformation"})
    client = hubspot.client()

    with pytest.raises(FatalError, match=f"{message}.*the next sync creates it anew"):
        client.ensure_schema()

    client.close()


def test_a_property_that_the_api_may_not_write_stops(hubspot: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    """A property whose values are read-only cannot be used."""
    read_only = {**SCHEMA[0], "name": "hs_object_id", "type": "number", "hasUniqueValue": False}
    monkeypatch.setattr("babynames_assets.hubspot.properties.SCHEMA", (read_only,))
    client = hubspot.client()

    with pytest.raises(FatalError, match="hs_object_id exists, but the API may not write to it"):
        client.ensure_schema()

    client.close()


def test_a_property_that_another_process_creates_meanwhile_is_taken(hubspot: Emulated) -> None:
    """When a property appears between the look and the creation, it is verified like one that was there."""
    client = hubspot.client()
    hubspot.order(kind="not_found", path="contacts/baby_name_key")
    hubspot.call("POST", PROPERTIES, SCHEMA[0])

    client.ensure_schema()

    assert hubspot.stats()["by_status"]["409"] == 1
    client.close()


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 400}, {"kind": "conflict"}])
def test_a_property_that_cannot_be_created_stops_with_its_form(hubspot: Emulated, fault: dict[str, object]) -> None:
    """When HubSpot refuses to create a property, the error gives the form in which a person can create it."""
    client = hubspot.client()
    hubspot.order(**fault, contains="baby_name_key")

    with pytest.raises(FatalError, match="Create it in the account's settings: type string, field type text, unique"):
        client.ensure_schema()

    client.close()


@pytest.mark.parametrize("skip", [0, 1], ids=["read", "created"])
def test_an_answer_that_describes_no_property_blames_none(hubspot: Emulated, skip: int) -> None:
    """A success without content, to the first read or the first creation, says nothing of what is in the account."""
    client = hubspot.client()
    hubspot.order(kind="empty", path="/properties/", skip=skip)

    with pytest.raises(RetryableError, match="did not describe the contact property baby_name_key"):
        client.ensure_schema()

    client.ensure_schema()
    client.close()


def test_an_account_that_may_not_be_read_does_not_stop_the_schema(hubspot: Emulated) -> None:
    """A token without access to the account's details can sync all the same."""
    client = hubspot.client()
    hubspot.order(kind="missing_scopes", path="details")

    with capture_logs() as logs:
        client.ensure_schema()

    assert "hubspot_account_unknown" in {line["event"] for line in logs}
    assert client.upsert([contact("Mary")]).accepted
    client.close()


def test_the_account_is_asked_once(client: HubSpotClient, hubspot: Emulated) -> None:
    """The account is read once and then remembered."""
    first, second = client.account(), client.account()

    assert first == second == Account(62515, hubspot.url.removeprefix("http://"), "America/New_York")
    assert hubspot.stats()["by_path"]["GET /account-info/2026-03/details"] == 1


def test_the_contact_list_is_a_page_that_opens(client: HubSpotClient, hubspot: Emulated) -> None:
    """The address of the contact list leads to a page with the contacts."""
    client.upsert([contact("Mary")])

    page = hubspot.session.get(client.contact_list_url(), timeout=5)

    assert page.status_code == 200
    assert "1984-F-Mary" in page.text


def test_the_contact_list_never_fails_a_sync_that_is_done(hubspot: Emulated) -> None:
    """When the account cannot be read, the address is the one from which HubSpot finds the account itself."""
    client = hubspot.client()
    hubspot.order(kind="status", status=503, times=3)

    assert client.contact_list_url() == "https://app.hubspot.com/contacts"
    client.close()


def test_archived_contacts_are_gone_and_their_keys_free(client: HubSpotClient, hubspot: Emulated) -> None:
    """Archived contacts are hidden; the same key later makes a new contact."""
    first = client.upsert([contact("Mary"), contact("Anna")]).accepted

    client.archive([first["1984-F-Mary"].hubspot_id])

    assert hubspot.births() == {"1984-F-Anna": "100"}
    assert client.upsert([contact("Mary")]).accepted["1984-F-Mary"].is_new


def test_archiving_twice_does_no_harm(client: HubSpotClient, hubspot: Emulated) -> None:
    """A contact that is archived already, or named twice, is archived."""
    known = client.upsert([contact("Mary")]).accepted["1984-F-Mary"].hubspot_id

    client.archive([known, known])
    client.archive([known])

    assert hubspot.births() == {}


def test_archiving_nothing_is_no_call(client: HubSpotClient, hubspot: Emulated) -> None:
    """Without contacts there is no call."""
    before = hubspot.stats()["requests"]

    client.archive([])

    assert hubspot.stats()["requests"] == before


def test_more_than_a_hundred_contacts_to_archive_are_a_bug(client: HubSpotClient) -> None:
    """More than a hundred different contacts are the caller's mistake."""
    with pytest.raises(ValueError, match="at most 100"):
        client.archive([str(number) for number in range(101)])


def test_an_archive_that_hubspot_refuses_stops(client: HubSpotClient, hubspot: Emulated) -> None:
    """A refused archive is an error that names a contact: nothing is taken for archived."""
    hubspot.order(kind="status", status=400, path="archive")

    with pytest.raises(FatalError, match="refuses to archive 2 contacts, 7 the first"):
        client.archive(["7", "8"])


def test_an_archive_is_tried_again(client: HubSpotClient, hubspot: Emulated) -> None:
    """A passing failure of an archive is tried again, and fails only if it lasts."""
    known = client.upsert([contact("Mary")]).accepted["1984-F-Mary"].hubspot_id
    hubspot.order(kind="status", status=502, path="archive", times=2)

    client.archive([known])

    assert hubspot.births() == {}
    hubspot.order(kind="status", status=502, path="archive", times=3)
    with pytest.raises(RetryableError):
        client.archive([known])
