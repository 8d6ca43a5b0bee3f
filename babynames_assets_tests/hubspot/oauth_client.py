"""Sources of OAuth tokens for tests: an emulated app, a warehouse that keeps its tokens, and a clock to set."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from babynames_assets.emulators.hubspot.tokens import App
from babynames_assets.hubspot.oauth import OAuthTokens
from babynames_assets.hubspot.paths import Paths
from babynames_assets.hubspot.token_endpoint import OAuthApp, TokenEndpoint
from babynames_assets.secret_store import SecretRows, SecretStore
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.sealed_secrets import SealedSecrets
from babynames_assets_tests.hubspot.emulated import Emulated

APP = App(client_id="app-1", client_secret="app-canary-secret", refresh_token="app-canary-refresh")
KEY = "Zm9yIHRlc3RzIGFsb25lOiBub3QgYSBzZWNyZXQga2U="
TOKEN_PATH = "/oauth/2026-03/token"


@dataclass
class Monotonic:
    """A clock of one process that a test sets; sleeping lets it go on."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Seconds, from any beginning."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass at once."""
        self.slept.append(seconds)
        self.now += seconds


def secret_store(engine: Engine, rows: SecretRows | None = None) -> SecretStore:
    """The store of a warehouse, opened by the key of the tests."""
    return SecretStore(rows or SealedSecrets(engine), SecretStr(KEY))


def oauth_tokens(hubspot: Emulated, store: SecretStore, *, app: App = APP, **options: Any) -> OAuthTokens:
    """The source of one process."""
    endpoint = TokenEndpoint(
        hubspot.url,
        Paths("2026-03").token,
        OAuthApp(app.client_id, SecretStr(app.client_secret)),
        timeout=(5.0, options.pop("read_timeout", 5.0)),
    )
    return OAuthTokens(endpoint, SecretStr(app.refresh_token), store, **options)


def requests_of_tokens(hubspot: Emulated) -> int:
    """How often a token was asked for."""
    return int(hubspot.stats()["by_path"].get(f"POST {TOKEN_PATH}", 0))


class Interrupted(SealedSecrets):
    """The rows of secrets, where something happens at a chosen moment of one process."""

    def __init__(self, engine: Engine) -> None:
        """Nothing happens yet."""
        super().__init__(engine)
        self.before_write: Callable[[], None] = lambda: None
        self.after_lease: Callable[[int], None] = lambda _number: None
        self._leases = 0

    def replace(self, name: str, sealed: str, *, version: int) -> bool:
        """Write, after what happens before."""
        self.before_write()
        return super().replace(name, sealed, version=version)

    def lease(self, name: str, holder: str, seconds: float) -> bool:
        """Lease, then let happen what shall."""
        is_taken = super().lease(name, holder, seconds)
        self._leases += 1
        self.after_lease(self._leases)
        return is_taken
