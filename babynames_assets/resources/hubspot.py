"""HubSpot's API, behind the rate limit that all processes share."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from babynames_assets.clients import open_hubspot, open_warehouse
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.settings import load_settings


class HubSpotFactory(dg.ConfigurableResource[HubSpotClient]):
    """Opens HubSpot's API for a run and closes it afterwards."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[HubSpotClient]:  # noqa: ARG002 - Dagster's
        """Open a client whose calls are admitted by the warehouse's rate limit."""
        settings = load_settings()
        engine = open_warehouse(settings)
        try:
            client = open_hubspot(settings, engine)
            try:
                yield client
            finally:
                client.close()
        finally:
            engine.dispose()
