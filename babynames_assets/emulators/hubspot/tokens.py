"""Which tokens the emulated HubSpot takes: those that last, and those of an OAuth app, which expire by its clock."""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from babynames_assets.emulators.hubspot.rendering import timestamp
from babynames_assets.emulators.hubspot.replies import ApiError, unauthorized

SCHEME = "Bearer "


@dataclass(frozen=True)
class App:
    """The OAuth app that the account has installed.

    Attributes:
        client_id: public.
        client_secret: known to the app alone.
        refresh_token: what its installation gave.
        lifetime: seconds that an access token is good for.
        rotates: each refresh gives another refresh token and ends the old one; HubSpot does not, others do.
    """

    client_id: str = "emulator-app"
    client_secret: str = field(default="emulator-app-secret", repr=False)
    refresh_token: str = field(default="emulator-refresh-token", repr=False)
    lifetime: float = 1800.0
    rotates: bool = False


@dataclass(frozen=True)
class Given:
    """A pair of tokens that was given out."""

    access_token: str
    refresh_token: str | None
    lifetime: float


class Tokens:
    """Every token there is."""

    def __init__(self, lasting: Iterable[str], app: App, clock: Callable[[], float]) -> None:
        self.app, self._clock = app, clock
        self._first = tuple(lasting)
        self.clear()

    def clear(self) -> None:
        """Forget what was given out and what was revoked."""
        self.lasting = set(self._first)
        self.refresh_tokens = {self.app.refresh_token}
        self.codes: dict[str, str] = {}
        self._ends: dict[str, float] = {}

    def all(self) -> set[str]:
        """Every token that it takes, or took."""
        return {*self.lasting, *self.refresh_tokens, *self._ends}

    def refusal(self, authorization: str) -> ApiError | None:
        """Why a request with this header is refused; None if it is let in."""
        token = authorization.removeprefix(SCHEME)
        if not authorization.startswith(SCHEME):
            return unauthorized()
        if token in self.lasting:
            return None
        if token not in self._ends:
            return unauthorized()
        left = self.seconds_left(token)
        return None if left > 0 else expired(-left, self._ends[token])

    def seconds_left(self, token: str) -> float:
        """For how long an access token is good; negative or 0 if it is not."""
        return self._ends.get(token, 0.0) - self._clock()

    def give(self, refresh_token: str | None) -> Given:
        """A new access token.

        Args:
            refresh_token: that asks for it; None for a grant without one.
        """
        token = f"oauth-{secrets.token_urlsafe(48)}"
        self._ends[token] = self._clock() + self.app.lifetime
        if refresh_token is not None and self.app.rotates:
            self.refresh_tokens.discard(refresh_token)
            refresh_token = self.new_refresh_token()
        return Given(token, refresh_token, self.app.lifetime)

    def new_refresh_token(self) -> str:
        """A refresh token that no one had before."""
        token = f"refresh-{secrets.token_urlsafe(24)}"
        self.refresh_tokens.add(token)
        return token

    def revoke(self, token: str) -> None:
        """Take a token of any kind no longer."""
        self.lasting.discard(token)
        self.refresh_tokens.discard(token)
        self._ends.pop(token, None)

    def expire(self) -> None:
        """End the life of every access token now."""
        self._ends = dict.fromkeys(self._ends, self._clock())


def expired(seconds: float, moment: float) -> ApiError:
    """401: the access token's time is over."""
    return ApiError(
        401,
        f"The OAuth token used to make this call expired {int(seconds)} second(s) ago.",
        "EXPIRED_AUTHENTICATION",
        context={"expire time": [timestamp(moment)]},
    )
