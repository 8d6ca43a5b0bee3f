"""An emulated HubSpot, and a client of it with the schema in place."""

from collections.abc import Iterator

import pytest

from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets_tests.hubspot.emulated import Emulated, emulated_hubspot


@pytest.fixture(scope="package")
def running_hubspot() -> Iterator[Emulated]:
    """One emulator for all tests of the client."""
    with emulated_hubspot() as emulated:
        yield emulated


@pytest.fixture
def hubspot(running_hubspot: Emulated) -> Emulated:
    """The emulator with a new account."""
    running_hubspot.reset()
    return running_hubspot


@pytest.fixture
def client(hubspot: Emulated) -> Iterator[HubSpotClient]:
    """A client whose account has the properties."""
    made = hubspot.client()
    made.ensure_schema()
    yield made
    made.close()
