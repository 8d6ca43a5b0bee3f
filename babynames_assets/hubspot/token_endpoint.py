"""HubSpot's token endpoint: a refresh token in, an access token out, and what its refusals mean.

What it answers is a secret, and so is what it is sent: no text of either gets into an error or a log.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeGuard

import requests
import structlog
from pydantic import SecretStr

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.hubspot.auth import GUIDE
from babynames_assets.hubspot.grants import Grant
from babynames_assets.hubspot.responses import Answer, raise_for

_log = structlog.get_logger(__name__)

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "BAD_REFRESH_TOKEN": "The refresh token is not valid any more: the app was removed from the account, or the "
        "token was revoked. Authorise the app again, and set BABYNAMES_HUBSPOT__OAUTH_REFRESH_TOKEN to the token that "
        "this gives",
        "BAD_CLIENT_ID": "There is no OAuth app of this client id: set BABYNAMES_HUBSPOT__OAUTH_CLIENT_ID to the one "
        "that the app's page in HubSpot shows",
        "BAD_CLIENT_SECRET": "This is not the OAuth app's client secret, or it was rotated: set "
        "BABYNAMES_HUBSPOT__OAUTH_CLIENT_SECRET to the one that the app's page in HubSpot shows",
    }
)
_OTHER_ADVICE = (
    "Check BABYNAMES_HUBSPOT__OAUTH_CLIENT_ID, BABYNAMES_HUBSPOT__OAUTH_CLIENT_SECRET and "
    "BABYNAMES_HUBSPOT__OAUTH_REFRESH_TOKEN"
)
_REFUSALS = {400, 401, 403, 409, 413, 422}
"""The statuses that speak of what was sent; of the others the table of all calls knows the meaning."""

_SAME = MappingProxyType({"invalid_grant": "BAD_REFRESH_TOKEN"})
"""The names of RFC 6749, for an answer that has no status of HubSpot's own."""


class RefusedGrantError(FatalError):
    """HubSpot does not take the refresh token."""


@dataclass(frozen=True)
class OAuthApp:
    """An OAuth app of HubSpot, as its page shows it."""

    client_id: str
    client_secret: SecretStr


class TokenEndpoint:
    """Asks HubSpot for access tokens."""

    def __init__(self, base_url: str, path: str, app: OAuthApp, *, timeout: tuple[float, float]) -> None:
        """Make one; it connects when it is used.

        Args:
            base_url: the API's address.
            path: of the endpoint, which the API's version decides.
            app: whose tokens.
            timeout: seconds to wait for a connection, and for an answer.
        """
        self.base_url, self.app, self.timeout = base_url.rstrip("/"), app, timeout
        self.call = f"POST {path}"
        self._path = path

    def refresh(self, refresh_token: SecretStr, *, clock: Callable[[], float] = time.monotonic) -> Grant:
        """Ask once for a new access token.

        Raises:
            RetryableError: HubSpot could not answer; another try may succeed.
            RefusedGrantError: the refresh token is not valid any more.
            FatalError: a person has to change something.
        """
        started = clock()
        answer = self._send(refresh_token)
        seconds = clock() - started
        _log.info(
            "hubspot_token_requested",
            status=answer.status,
            hubspot_correlation_id=answer.correlation_id,
            seconds=round(seconds, 3),
        )
        body = _json(answer.text)
        if answer.status in _REFUSALS:
            raise _refusal(answer, body)
        raise_for(Answer(answer.call, answer.status, answer.headers, ""))
        return _grant(answer, body, refresh_token, seconds)

    def _send(self, refresh_token: SecretStr) -> Answer:
        form = {
            "grant_type": "refresh_token",
            "client_id": self.app.client_id,
            "client_secret": self.app.client_secret.get_secret_value(),
            "refresh_token": refresh_token.get_secret_value(),
        }
        try:
            response = requests.post(
                self.base_url + self._path, data=form, auth=_no_login, timeout=self.timeout, allow_redirects=False
            )
        except (requests.RequestException, UnicodeError) as error:
            # A ValueError says that no request can be made of this address; the others pass. From None, because the
            # cause holds the request, and that holds the secrets.
            kind = FatalError if isinstance(error, ValueError) else RetryableError
            raise kind(
                f"{self.call}: no whole answer from {self.base_url} ({type(error).__name__}: {error}). If this lasts, "
                "check the network, BABYNAMES_HUBSPOT__BASE_URL and status.hubspot.com."
            ) from None
        return Answer(self.call, response.status_code, response.headers, response.content.decode(errors="replace"))


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from adding a login that ~/.netrc holds for the host."""
    return request


def _refusal(answer: Answer, body: Mapping[str, Any]) -> FatalError:
    # Only what is one of HubSpot's words is quoted: a proxy's error may repeat the request.
    reason = str(body.get("status"))
    if reason not in _ADVICE:
        reason = _SAME.get(str(body.get("error")), "")
    kind = RefusedGrantError if reason == "BAD_REFRESH_TOKEN" else FatalError
    return kind(
        f"{answer.call}: HubSpot answered {answer.status} ({reason or 'no reason that is known'}; correlation id "
        f"{answer.correlation_id}). {_ADVICE.get(reason, _OTHER_ADVICE)} ({GUIDE})."
    )


def _grant(answer: Answer, body: Mapping[str, Any], refresh_token: SecretStr, seconds: float) -> Grant:
    access_token, lifetime = body.get("access_token"), body.get("expires_in")
    if not _can_be_a_token(access_token) or not isinstance(lifetime, int | float):
        raise RetryableError(
            f"{answer.call}: HubSpot answered {answer.status} without an access token (correlation id "
            f"{answer.correlation_id}). If this lasts, BABYNAMES_HUBSPOT__BASE_URL leads somewhere else."
        )
    newer = body.get("refresh_token")
    kept = SecretStr(newer) if _can_be_a_token(newer) else refresh_token
    return Grant(SecretStr(access_token), kept, float(lifetime) - seconds)


def _can_be_a_token(value: object) -> TypeGuard[str]:
    # One with a line end would be refused where headers are written, by an error that quotes it.
    return isinstance(value, str) and value.isascii() and value.isprintable() and value.split() == [value]


def _json(text: str) -> Mapping[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
