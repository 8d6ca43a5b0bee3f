"""Where things are in each version of the API."""

import pytest

from babynames_assets.hubspot.paths import Paths


@pytest.mark.parametrize(
    ("version", "contacts", "properties", "account"),
    [
        ("v3", "/crm/v3/objects/contacts", "/crm/v3/properties/contacts", "/account-info/v3/details"),
        (
            "2026-03",
            "/crm/objects/2026-03/contacts",
            "/crm/properties/2026-03/contacts",
            "/account-info/2026-03/details",
        ),
        (
            "2027-09",
            "/crm/objects/2027-09/contacts",
            "/crm/properties/2027-09/contacts",
            "/account-info/2027-09/details",
        ),
    ],
)
def test_a_dated_version_stands_behind_the_kind(version: str, contacts: str, properties: str, account: str) -> None:
    """In v3 the version comes before the kind of thing, in dated versions behind it."""
    paths = Paths(version)

    assert (paths.contacts, paths.properties, paths.account) == (contacts, properties, account)
