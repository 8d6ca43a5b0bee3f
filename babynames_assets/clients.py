"""From the settings to plain clients: the one place that says how each is made.

Dagster's resources, the command line and whatever else runs the engine open their clients here.
"""

from functools import partial

from babynames_assets.errors import ConfigurationError
from babynames_assets.hubspot import limits
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.kaggle import KaggleDatasets
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.resilience.backoff import Backoff
from babynames_assets.resilience.rate_limiter import RateLimiter
from babynames_assets.settings import Settings
from babynames_assets.sync.leases import LeaseTerms
from babynames_assets.sync.report import PushOptions
from babynames_assets.warehouse import rate_limits
from babynames_assets.warehouse.engine import Engine, open_engine


def open_warehouse(settings: Settings) -> Engine:
    """The warehouse's connection pool; dispose of it."""
    return open_engine(
        settings.warehouse_url,
        pool_size=settings.warehouse.pool_size,
        connect_timeout=settings.warehouse.connect_timeout,
        read_timeout=settings.warehouse.read_timeout,
    )


def open_kaggle(settings: Settings) -> KaggleDatasets:
    """Kaggle's dataset API; close it."""
    return KaggleDatasets(
        base_url=settings.kaggle.base_url,
        token=settings.kaggle.token,
        connect_timeout=settings.kaggle.connect_timeout,
        read_timeout=settings.kaggle.read_timeout,
    )


def open_raw_files(settings: Settings) -> RawFiles:
    """The raw files in the state folder."""
    return RawFiles(settings.state_folder / "raw")


def open_frames(settings: Settings) -> FrameStore:
    """The validated frames in the state folder."""
    return FrameStore(settings.state_folder / "validated")


def open_hubspot(settings: Settings, warehouse: Engine) -> HubSpotClient:
    """HubSpot's API, behind the rate limit that all processes share; close it.

    Args:
        settings: the settings.
        warehouse: keeps the rate limit; its schema is up to date.

    Raises:
        ConfigurationError: there is no token.
    """
    if settings.hubspot.token is None:
        raise ConfigurationError(
            "There is no HubSpot token: set BABYNAMES_HUBSPOT__TOKEN to a service key or a private-app token with the "
            "scopes crm.objects.contacts.read, crm.objects.contacts.write and crm.schemas.contacts.write."
        )
    burst = limits.burst_limits(settings.hubspot.tier)
    return HubSpotClient(
        base_url=settings.hubspot.base_url,
        api_version=settings.hubspot.api_version,
        token=settings.hubspot.token,
        limiter=RateLimiter(partial(rate_limits.reserve, warehouse, "hubspot", burst)),
        connect_timeout=settings.hubspot.connect_timeout,
        read_timeout=settings.hubspot.read_timeout,
        connections=requests_in_flight(settings),
    )


def requests_in_flight(settings: Settings) -> int:
    """Calls that are made side by side."""
    return settings.hubspot.requests_in_flight or limits.requests_in_flight(settings.hubspot.tier)


def letter_backoff(settings: Settings) -> Backoff:
    """When a refused contact is tried again."""
    letters = settings.dead_letters
    return Backoff(attempts=letters.attempts, first_wait=letters.first_wait, max_wait=letters.max_wait)


def push_options(settings: Settings) -> PushOptions:
    """How a push of contacts behaves."""
    hubspot = settings.hubspot
    return PushOptions(
        requests_in_flight=requests_in_flight(settings),
        removed_contacts=hubspot.removed_contacts,
        max_archive_share=hubspot.max_archive_share,
        plan_required_above=hubspot.plan_required_above,
        backoff=letter_backoff(settings),
        lease=LeaseTerms(seconds=hubspot.lease_seconds, wait=hubspot.lease_wait),
        stop_seconds=hubspot.stop_seconds,
    )
