"""OAuth's access tokens: renewed before they end, by one process for all, and never lost.

They live half an hour. What comes with a new one is kept before the new one is used, so that a process that dies in
between leaves the others able to go on.
"""

import random
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from pydantic import SecretStr

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.hubspot.auth import GUIDE, UNAUTHORIZED, Bearer
from babynames_assets.hubspot.grants import Grant, as_secret, from_secret, name_of
from babynames_assets.hubspot.responses import Answer, describe
from babynames_assets.hubspot.token_endpoint import RefusedGrantError, TokenEndpoint
from babynames_assets.resilience.retry import retrying
from babynames_assets.secret_store import SecretStore

_log = structlog.get_logger(__name__)

NAME = "the OAuth access token"
ATTEMPTS = 4
LONGEST_WAIT = 10.0
PATIENCE = 180.0
"""Seconds to wait for another process that renews the token."""

REFUSALS = 3
"""So many tokens in a row that HubSpot gave and then refused are no accident of their time."""

_POLL = (0.1, 0.3)
_LOOK_AGAIN = 1.0
_TRY_AGAIN = 30.0
_jitter = random.Random()  # noqa: S311 - spreads waits in time, guards no secret


@dataclass(frozen=True)
class _Held:
    """The newest token that this process knows; moments are by its own clock.

    Attributes:
        grant: the tokens.
        version: of the stored secret.
        due_at: when to renew it.
        ends_at: when HubSpot takes it no longer.
    """

    grant: Grant
    version: int
    due_at: float
    ends_at: float


class OAuthTokens:
    """The access tokens of one OAuth app in one account. Safe to share between threads; processes share the store."""

    def __init__(
        self,
        endpoint: TokenEndpoint,
        refresh_token: SecretStr,
        store: SecretStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        rng: random.Random = _jitter,
    ) -> None:
        """Make a source; it asks HubSpot when a token is needed.

        Args:
            endpoint: gives access tokens.
            refresh_token: the one of the settings; a newer one that came from it lies in the store.
            store: keeps the tokens for all processes.
            clock: seconds, from any beginning.
            sleep: waits that many seconds.
            rng: source of the jitter between two looks at the store.
        """
        self._endpoint, self._refresh_token, self._store = endpoint, refresh_token, store
        self._clock, self._sleep, self._rng = clock, sleep, rng
        self._name = name_of(endpoint.base_url, endpoint.app.client_id, refresh_token)
        self._holder = secrets.token_hex(8)
        # A try and the wait after it: a holder that still lives asks for more before each try.
        self._lease_seconds = sum(endpoint.timeout) + LONGEST_WAIT + 5
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._unsaved: tuple[Grant, float] | None = None
        self._bad: int | None = None
        self._refused = 0

    def current(self) -> Bearer:
        """A token that is good for a while.

        Raises:
            RetryableError: HubSpot could not give one now, or another process takes too long to get it.
            FatalError: a person has to change something.
        """
        held = self._held
        if held is None or self._clock() >= held.ends_at:
            with self._lock:
                held = self._held = self._newest()
        # While the token is good, one thread renews it and the others go on with it.
        elif self._clock() >= held.due_at and self._lock.acquire(blocking=False):
            try:
                held = self._held = self._newest()
            finally:
                self._lock.release()
        return Bearer(held.grant.access_token, NAME)

    def heard(self, bearer: Bearer, answer: Answer) -> None:
        """Learn from HubSpot's answer to a try with this token.

        Raises:
            RetryableError: HubSpot refused it, and there is another one now.
            FatalError: HubSpot refused a token that it has just given, or gives none.
        """
        if 200 <= answer.status < 300:
            self._refused = 0
        if answer.status != UNAUTHORIZED:
            return
        with self._lock:
            held = self._held
            # Else another call met the refusal before this one did.
            if held is not None and held.grant.access_token == bearer.token:
                self._give_up(held, answer)
                self._held = self._newest()
        raise RetryableError(f"{describe(answer)} There is a new access token.", retry_after=0.0)

    def _give_up(self, refused: _Held, answer: Answer) -> None:
        self._held, self._bad = None, refused.version
        self._refused += 1
        if self._refused >= REFUSALS:
            raise FatalError(
                f"{describe(answer)} It is the access token number {self._refused} in a row that HubSpot gave and then "
                "refused. See whether the app is still connected to the account, and authorise it again if it is not "
                f"({GUIDE})."
            )
        _log.warning("hubspot_token_refused", setting=NAME, answer=describe(answer))

    def _newest(self) -> _Held:
        """A token that is good: the one that is held, unless another thread has changed it, or else another."""
        held = self._held
        if held is None or self._clock() >= held.ends_at:
            return self._obtain(unlike=self._bad)
        return held if self._clock() < held.due_at else self._renew_early(held)

    def _obtain(self, *, unlike: int | None) -> _Held:
        """A good token of another version, from the store or from HubSpot, however long that takes."""
        deadline = self._clock() + PATIENCE
        while (found := self._stored(unlike) or self._renewed(unlike)) is None:
            if self._clock() >= deadline:
                raise RetryableError(
                    f"{self._endpoint.call}: for {PATIENCE:.0f} s another process has been getting the access token, "
                    "and it is not there yet. Another try may succeed; the log of that process says what is wrong."
                )
            self._sleep(self._rng.uniform(*_POLL))
        return found

    def _renew_early(self, held: _Held) -> _Held:
        """The next token, or this one for a while longer."""
        try:
            found = self._stored(held.version) or self._renewed(held.version)
        except RetryableError as error:
            _log.warning("hubspot_token_renewal_postponed", seconds=_TRY_AGAIN, error=str(error))
            return replace(held, due_at=self._clock() + _TRY_AGAIN)
        return found or replace(held, due_at=self._clock() + _LOOK_AGAIN)

    def _stored(self, unlike: int | None) -> _Held | None:
        """The stored token, if it is good and of another version."""
        found = self._store.read(self._name)
        if found is None or found.version == unlike:
            return None
        held = self._hold(from_secret(found.value), found.version, age=found.age)
        return held if self._clock() < held.ends_at else None

    def _renewed(self, unlike: int | None) -> _Held | None:
        """A token from HubSpot; None while another process gets one, or if one was quicker."""
        if not self._lease():
            return None
        try:
            # Somebody may have renewed it between our look and our lease.
            return self._stored(unlike) or self._ask()
        finally:
            self._store.release(self._name, self._holder)

    def _ask(self) -> _Held | None:
        found = self._store.read(self._name)
        version = found.version if found else 0
        if self._unsaved is None:
            refresh_token = from_secret(found.value).refresh_token if found else self._refresh_token
            try:
                grant = self._ask_patiently(refresh_token)
            except RefusedGrantError:
                # A slow process, whose lease was over, may have used this one up and kept the next one.
                if self._is_newer(version):
                    return None
                raise
            _log.info("hubspot_token_renewed", has_new_refresh_token=grant.refresh_token != refresh_token)
            self._unsaved = grant, self._clock()
        return self._keep(*self._unsaved, version=version)

    def _keep(self, grant: Grant, since: float, *, version: int) -> _Held | None:
        # If this fails, it is tried again before HubSpot is asked for another: the grant may hold the only refresh
        # token that is still good.
        left = replace(grant, lifetime=grant.lifetime - (self._clock() - since))
        is_kept = self._store.write(self._name, as_secret(left), version=version)
        self._unsaved = None
        return self._hold(left, version + 1, age=0.0) if is_kept else None

    def _ask_patiently(self, refresh_token: SecretStr) -> Grant:
        def once() -> Grant:
            self._lease()
            return self._endpoint.refresh(refresh_token)

        return retrying(once, what=self._endpoint.call, attempts=ATTEMPTS, max_wait=LONGEST_WAIT)

    def _lease(self) -> bool:
        return self._store.lease(self._name, self._holder, self._lease_seconds)

    def _is_newer(self, version: int) -> bool:
        found = self._store.read(self._name)
        return found is not None and found.version != version

    def _hold(self, grant: Grant, version: int, *, age: float) -> _Held:
        began = self._clock() - age
        return _Held(grant, version, due_at=began + grant.renew_after, ends_at=began + grant.lifetime)
