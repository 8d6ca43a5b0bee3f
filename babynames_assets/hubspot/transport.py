"""One call of HubSpot's API: its turn, its token, the request, the meaning of its answer; again while that helps.

Every call through here may be repeated, because each is idempotent or is checked by its caller.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import structlog
from requests.adapters import HTTPAdapter

from babynames_assets.errors import CircuitOpenError, FatalError, RetryableError
from babynames_assets.hubspot.auth import Bearer, TokenSource
from babynames_assets.hubspot.pace import Pace
from babynames_assets.hubspot.responses import Answer, error_of
from babynames_assets.resilience.circuit_breaker import Outcome
from babynames_assets.resilience.retry import retrying

_log = structlog.get_logger(__name__)

_PASSING = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


@dataclass(frozen=True)
class Patience:
    """How long to wait, and how often to try.

    Attributes:
        connect_timeout: seconds to wait for a connection.
        read_timeout: seconds to wait for the next bytes of an answer.
        attempts: the most tries of one call.
        max_wait: the longest wait between two tries, in seconds.
    """

    connect_timeout: float
    read_timeout: float
    attempts: int
    max_wait: float


@dataclass(frozen=True)
class Success:
    """A call that succeeded.

    Attributes:
        body: the answer's JSON, or None for an answer without a body.
        correlation_id: what HubSpot's support asks for.
    """

    body: Any
    correlation_id: str


class Transport:
    """Speaks HTTP to one HubSpot account. Safe to share between threads."""

    def __init__(
        self,
        base_url: str,
        tokens: TokenSource,
        pace: Pace,
        *,
        patience: Patience,
        connections: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url, self._tokens, self._pace = base_url.rstrip("/"), tokens, pace
        self._patience, self._clock = patience, clock
        self._session = requests.Session()
        # Retries are ours: urllib3 would repeat a request without a place in the rate limit.
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
        self._session.mount(self._base_url, adapter)

    @property
    def base_url(self) -> str:
        """The API's address, without a slash at its end."""
        return self._base_url

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        before: Callable[[], None] = lambda: None,
    ) -> Success:
        """Make a call until it succeeds or another try is of no use.

        Args:
            method: HTTP method.
            path: absolute path.
            body: sent as JSON.
            before: called when a try begins, and again right before its request; what it raises ends the call.

        Raises:
            RetryableError: every try failed for a passing reason.
            CircuitOpenError: HubSpot is down, and was not asked.
            PausedError: no calls are made for long, because those of the day are spent.
            RefusedError: HubSpot refuses the request for something in it.
            FatalError: a person has to change something.
        """
        what = f"{method} {path}"
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        return retrying(
            lambda: self._try(method, path, content, before),
            what=what,
            attempts=self._patience.attempts,
            max_wait=self._patience.max_wait,
            but=CircuitOpenError,
        )

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _try(self, method: str, path: str, content: bytes | None, before: Callable[[], None]) -> Success:
        before()
        with self._pace.turn(path) as turn:
            # Before the place: one that is taken and then held while a token is renewed is used too late.
            bearer = self._tokens.current()
            self._pace.wait(turn)
            before()
            started = self._clock()
            try:
                answer = self._send(method, path, content, bearer)
            except RetryableError:
                turn.outcome = Outcome.FAILED
                raise
            self._pace.learn(turn, answer)
        _log.info(
            "hubspot_called",
            method=method,
            path=path,
            status=answer.status,
            hubspot_correlation_id=answer.correlation_id,
            seconds=round(self._clock() - started, 3),
            waited=round(turn.waited, 3),
        )
        self._tokens.heard(bearer, answer)
        if error := error_of(answer):
            raise self._pace.heed(turn, error, longest_wait=self._patience.max_wait)
        return Success(_parse(answer), answer.correlation_id)

    def _send(self, method: str, path: str, content: bytes | None, bearer: Bearer) -> Answer:
        call = f"{method} {path}"
        try:
            response = self._session.request(
                method,
                self._base_url + path,
                data=content,
                headers={"Content-Type": "application/json"} if content is not None else None,
                auth=_Authorization(bearer),
                timeout=(self._patience.connect_timeout, self._patience.read_timeout),
                allow_redirects=False,
            )
        except _PASSING as error:
            # After a timeout the request may have been carried out; every call here can be repeated all the same.
            raise RetryableError(
                f"{call}: no whole answer from {self._base_url} ({type(error).__name__}: {error}). If this lasts, "
                "check the network, BABYNAMES_HUBSPOT__BASE_URL and status.hubspot.com."
            ) from error
        except (requests.RequestException, UnicodeError) as error:
            raise FatalError(
                f"{call}: no request can be made to {self._base_url} ({type(error).__name__}: {error}). Check "
                "BABYNAMES_HUBSPOT__BASE_URL."
            ) from error
        # Not response.text: without a charset it guesses the encoding, which takes longer than the call.
        text = bearer.hidden_in(response.content.decode(errors="replace"))
        return Answer(call, response.status_code, response.headers, text)


class _Authorization(requests.auth.AuthBase):
    """Adds the token to a request. As an auth object, because requests lets a ~/.netrc replace a plain header."""

    def __init__(self, bearer: Bearer) -> None:
        self._bearer = bearer

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._bearer.token.get_secret_value()}"
        return request


def _parse(answer: Answer) -> Any:
    if answer.status == 204:
        return None
    try:
        return json.loads(answer.text)
    except ValueError as error:
        raise RetryableError(
            f"{answer.call}: HubSpot answered {answer.status}, but its body is not JSON (correlation id "
            f"{answer.correlation_id}). If this lasts, BABYNAMES_HUBSPOT__BASE_URL leads somewhere else."
        ) from error
