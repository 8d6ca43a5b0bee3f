"""HubSpot's API, behind the rate limit that all processes share."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import dagster as dg

from babynames_assets.errors import ConfigurationError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.limits import burst_limits
from babynames_assets.resilience.rate_limiter import RateLimiter
from babynames_assets.resources.warehouse import open_warehouse
from babynames_assets.settings import Settings, load_settings
from babynames_assets.warehouse import rate_limits
from babynames_assets.warehouse.engine import Engine


class HubSpotFactory(dg.ConfigurableResource[HubSpotClient]):
    """Opens HubSpot's API for a run and closes it afterwards."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[HubSpotClient]:  # noqa: ARG002 - Dagster's signature
        """Open a client whose calls are admitted by the warehouse's rate limit."""
        settings = load_settings()
        engine = open_warehouse(settings)
        client = open_hubspot(settings, engine)
        try:
            yield client
        finally:
            client.close()
            engine.dispose()


def open_hubspot(settings: Settings, engine: Engine) -> HubSpotClient:
    """A client of the account that the settings name.

    Raises:
        ConfigurationError: there is no token.
    """
    if settings.hubspot.token is None:
        raise ConfigurationError(
            "There is no HubSpot token: set BABYNAMES_HUBSPOT__TOKEN to a service key or a private-app token with the "
            "scopes crm.objects.contacts.read, crm.objects.contacts.write and crm.schemas.contacts.write."
        )
    reserve = partial(rate_limits.reserve, engine, "hubspot", burst_limits(settings.hubspot.tier))
    return HubSpotClient(
        base_url=settings.hubspot.base_url,
        api_version=settings.hubspot.api_version,
        token=settings.hubspot.token,
        limiter=RateLimiter(reserve),
        connect_timeout=settings.hubspot.connect_timeout,
        read_timeout=settings.hubspot.read_timeout,
        connections=settings.hubspot.requests_in_flight,
    )
