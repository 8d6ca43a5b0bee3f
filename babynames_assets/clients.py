"""From the settings to plain clients: the one place that says how each is made.

Dagster's resources, the command line and whatever else runs the engine open their clients here.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from babynames_assets.errors import ConfigurationError
from babynames_assets.hubspot import limits
from babynames_assets.hubspot.auth import GUIDE, StaticTokens, TokenSource
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.oauth import OAuthTokens
from babynames_assets.hubspot.pace import Pace
from babynames_assets.hubspot.paths import Paths
from babynames_assets.hubspot.token_endpoint import OAuthApp, TokenEndpoint
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.kaggle import KaggleDatasets
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.resilience.allowances import DailyTerms, Limit
from babynames_assets.resilience.circuit_breaker import CircuitBreaker
from babynames_assets.resilience.circuits import CircuitTerms
from babynames_assets.secret_store import SecretStore
from babynames_assets.settings import Settings
from babynames_assets.warehouse import circuit_breakers
from babynames_assets.warehouse.call_books import CallBooks
from babynames_assets.warehouse.engine import Engine, open_engine
from babynames_assets.warehouse.sealed_secrets import SealedSecrets

TOKEN_READ_TIMEOUT = 30.0
"""Seconds: a token is given at once or not at all, and the other processes wait for the one that asks."""

WATCH_TIMEOUT = 3.0
"""Seconds that a look at Kaggle's version waits for a connection, and then for each piece of the answer."""

LONGEST_TURN = 60.0
"""Seconds that the one call which tries a HubSpot that was down may wait for its token and its place."""


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


def open_kaggle_watch(settings: Settings) -> KaggleDatasets:
    """The same for somebody who looks often and waits for nothing: one short try; close it."""
    return KaggleDatasets(
        base_url=settings.kaggle.base_url,
        token=settings.kaggle.token,
        connect_timeout=min(settings.kaggle.connect_timeout, WATCH_TIMEOUT),
        read_timeout=min(settings.kaggle.read_timeout, WATCH_TIMEOUT),
        tries=1,
    )


def open_raw_files(settings: Settings) -> RawFiles:
    """The raw files in the state folder."""
    return RawFiles(settings.state_folder / "raw")


def open_frames(settings: Settings) -> FrameStore:
    """The validated frames in the state folder."""
    return FrameStore(settings.state_folder / "validated")


def open_hubspot(
    settings: Settings, warehouse: Engine, *, allowed: Mapping[str, Sequence[Limit]] | None = None
) -> HubSpotClient:
    """HubSpot's API, behind the rate limit that all processes share; close it.

    Args:
        settings: the settings.
        warehouse: keeps the rate limit; its schema is up to date.
        allowed: limits by bucket, where those of the tier are not meant.

    Raises:
        ConfigurationError: it is not clear how to log in.
    """
    return HubSpotClient(
        base_url=settings.hubspot.base_url,
        api_version=settings.hubspot.api_version,
        tokens=open_hubspot_tokens(settings, warehouse),
        pace=open_pace(settings, warehouse, allowed=allowed),
        connect_timeout=settings.hubspot.connect_timeout,
        read_timeout=settings.hubspot.read_timeout,
        connections=requests_in_flight(settings),
    )


def open_pace(settings: Settings, warehouse: Engine, *, allowed: Mapping[str, Sequence[Limit]] | None = None) -> Pace:
    """The pace of HubSpot's calls, which all processes and hosts keep together.

    Args:
        settings: the settings.
        warehouse: keeps the books; its schema is up to date.
        allowed: limits by bucket, where those of the tier are not meant.
    """
    hubspot = settings.hubspot
    terms = CircuitTerms(
        failures=hubspot.circuit_failures,
        failing_seconds=hubspot.circuit_failing_seconds,
        open_seconds=hubspot.circuit_open_seconds,
        trial_seconds=hubspot.connect_timeout + hubspot.read_timeout + LONGEST_TURN,
    )
    breaker = CircuitBreaker(
        partial(circuit_breakers.read, warehouse, limits.ACCOUNT),
        partial(circuit_breakers.change, warehouse, limits.ACCOUNT),
        terms,
        service="HubSpot",
    )
    allowed = limits.limits_of(hubspot.tier) if allowed is None else allowed
    books = CallBooks(warehouse, limits.ACCOUNT, allowed, daily_terms(settings))
    return Pace(books, breaker)


def daily_terms(settings: Settings) -> DailyTerms:
    """What of a day's calls of HubSpot may be spent."""
    return DailyTerms(limits.TIERS[settings.hubspot.tier].calls_per_day, settings.hubspot.daily_reserve)


def requests_in_flight(settings: Settings) -> int:
    """Calls that are made side by side."""
    return settings.hubspot.requests_in_flight or limits.requests_in_flight(settings.hubspot.tier)


def open_hubspot_tokens(settings: Settings, warehouse: Engine) -> TokenSource:
    """Where the tokens of HubSpot's calls come from: one or two that last, or OAuth's.

    Args:
        settings: the settings.
        warehouse: keeps OAuth's tokens; its schema is up to date.

    Raises:
        ConfigurationError: there are no credentials, not all of one kind, or of both kinds.
    """
    hubspot = settings.hubspot
    lasting = {"BABYNAMES_HUBSPOT__TOKEN_NEXT": hubspot.token_next, "BABYNAMES_HUBSPOT__TOKEN": hubspot.token}
    given = {name: token for name, token in lasting.items() if token is not None}
    if hubspot.uses_oauth:
        if given:
            raise ConfigurationError(
                f"{' and '.join(given)} and BABYNAMES_HUBSPOT__OAUTH_... are set: which one is meant? Remove the other."
            )
        return _open_oauth(settings, warehouse)
    if not given:
        raise ConfigurationError(
            "There is no HubSpot token: set BABYNAMES_HUBSPOT__TOKEN to a service key or a private-app token with the "
            "scopes crm.objects.contacts.read, crm.objects.contacts.write and crm.schemas.contacts.write."
        )
    return StaticTokens(given)


def open_secrets(settings: Settings, warehouse: Engine) -> SecretStore:
    """The secrets that change at run time.

    Raises:
        ConfigurationError: there is no key to open them with.
    """
    return SecretStore(SealedSecrets(warehouse), settings.secret_key)


def _open_oauth(settings: Settings, warehouse: Engine) -> OAuthTokens:
    hubspot = settings.hubspot
    client_id, client_secret = hubspot.oauth_client_id, hubspot.oauth_client_secret
    refresh_token = hubspot.oauth_refresh_token
    if client_id is None or client_secret is None or refresh_token is None:
        needed = {"CLIENT_ID": client_id, "CLIENT_SECRET": client_secret, "REFRESH_TOKEN": refresh_token}
        missing = [f"BABYNAMES_HUBSPOT__OAUTH_{name}" for name, value in needed.items() if value is None]
        raise ConfigurationError(
            f"OAuth needs {' and '.join(missing)} too: the app's page in HubSpot shows its client id and secret, and "
            f"authorising the app gives the refresh token ({GUIDE})."
        )
    endpoint = TokenEndpoint(
        hubspot.base_url,
        Paths(hubspot.api_version).token,
        OAuthApp(client_id, client_secret),
        timeout=(hubspot.connect_timeout, min(hubspot.read_timeout, TOKEN_READ_TIMEOUT)),
    )
    return OAuthTokens(endpoint, refresh_token, open_secrets(settings, warehouse))
