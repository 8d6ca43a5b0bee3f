"""What our client writes, as HubSpot's own client reads it."""

from typing import Any

import pytest
from hubspot import HubSpot
from hubspot.crm import contacts as crm

from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets_tests.hubspot.emulated import TOKEN, Emulated, contact


@pytest.fixture
def official(hubspot: Emulated) -> Any:
    """HubSpot's own client."""
    return HubSpot(access_token=TOKEN, host=hubspot.url, client_side_validation=True)


def test_our_contacts_are_found_by_their_key(client: HubSpotClient, official: Any) -> None:
    """The official client reads our contacts by the unique property, with the values that we sent."""
    accepted = client.upsert([contact("Zoë", births=7), contact("Mary", births=8)]).accepted

    read = official.crm.contacts.batch_api.read(
        crm.BatchReadInputSimplePublicObjectId(
            id_property="baby_name_key",
            inputs=[crm.SimplePublicObjectId(id="1984-F-Zoë"), crm.SimplePublicObjectId(id="1984-F-Mary")],
            properties=["baby_name_key", "firstname", "gender", "birth_year", "births"],
            properties_with_history=[],
        )
    )

    by_key = {one.properties["baby_name_key"]: one for one in read.results}
    assert {key: one.id for key, one in by_key.items()} == {key: one.hubspot_id for key, one in accepted.items()}
    zoe = by_key["1984-F-Zoë"].properties
    assert (zoe["firstname"], zoe["gender"], zoe["birth_year"], zoe["births"]) == ("Zoë", "F", "1984", "7")


def test_our_properties_are_as_the_official_client_expects(client: HubSpotClient, official: Any) -> None:
    """The official client sees the key as a unique text and the counts as numbers."""
    core = official.crm.properties.core_api

    assert core.get_by_name("contacts", "baby_name_key").has_unique_value is True
    assert core.get_by_name("contacts", "births").type == "number"
    assert client.account().portal_id > 0


def test_what_somebody_edits_in_hubspot_is_set_right_by_the_next_upsert(
    client: HubSpotClient, official: Any, hubspot: Emulated
) -> None:
    """An edit in HubSpot is overwritten by our next write of the contact, which stays the same contact."""
    known = client.upsert([contact("Mary", births=8)]).accepted["1984-F-Mary"].hubspot_id
    official.crm.contacts.basic_api.update(known, crm.SimplePublicObjectInput(properties={"births": "9"}))

    again = client.upsert([contact("Mary", births=8)]).accepted["1984-F-Mary"]

    assert again.hubspot_id == known
    assert hubspot.births() == {"1984-F-Mary": "8"}


def test_what_somebody_deletes_in_hubspot_comes_back(client: HubSpotClient, official: Any, hubspot: Emulated) -> None:
    """A contact that was deleted in HubSpot is created anew by our next write of it."""
    known = client.upsert([contact("Mary")]).accepted["1984-F-Mary"].hubspot_id
    official.crm.contacts.basic_api.archive(known)

    again = client.upsert([contact("Mary")]).accepted["1984-F-Mary"]

    assert again.is_new
    assert hubspot.births().keys() == {"1984-F-Mary"}
