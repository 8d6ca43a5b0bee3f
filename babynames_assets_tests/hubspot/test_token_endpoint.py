"""Tests of what the client makes of the token endpoint's answers, above all of those that repeat its secrets."""

import json
import socket
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from babynames_assets.errors import BabynamesError, FatalError, RetryableError
from babynames_assets.hubspot.token_endpoint import OAuthApp, RefusedGrantError, TokenEndpoint
from babynames_assets_tests.hubspot.careless import Careless, careless_server

SECRET, REFRESH = "app-canary-secret", "app-canary-refresh"


@pytest.fixture
def careless() -> Iterator[Careless]:
    """A server that repeats its requests in its answers, as some proxies do."""
    with careless_server() as server:
        yield server


def endpoint(address: str, *, read_timeout: float = 5.0) -> TokenEndpoint:
    """The client's end."""
    return TokenEndpoint(
        address, "/oauth/2026-03/token", OAuthApp("app-1", SecretStr(SECRET)), timeout=(5.0, read_timeout)
    )


def refused(address: str, **options: Any) -> BabynamesError:
    """The error of a request for a token; nothing of it or of the log shows a secret."""
    with capture_logs() as logs, pytest.raises(BabynamesError) as caught:
        endpoint(address, **options).refresh(SecretStr(REFRESH))
    shown = "".join(traceback.format_exception(caught.value)) + repr(logs)
    assert "canary" not in shown
    return caught.value


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422, 429, 477, 500, 502, 503, 525])
@pytest.mark.parametrize(
    "template",
    [
        "<html>You sent {}</html>",
        '{"message": "You sent {}", "status": "{}", "error": "{}", "error_description": "{}", "category": "{}"}',
        '["{}"]',
        "",
    ],
)
def test_an_error_that_repeats_the_request_shows_no_secret(careless: Careless, status: int, template: str) -> None:
    """Neither in its message, nor in the traceback, nor in the log; it names the call and the status."""
    careless.status = status
    careless.template = template

    error = refused(careless.url)

    assert f"POST /oauth/2026-03/token: HubSpot answered {status}" in str(error)
    assert isinstance(error, RetryableError) == (status in (429, 477, 500, 502, 503))


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"access_token": ""}',
        '{"access_token": "good"}',
        '{"access_token": "good", "expires_in": "soon"}',
        '{"access_token": "app-canary\\n", "expires_in": 1800}',
        '{"access_token": "app canary", "expires_in": 1800}',
        '{"access_token": "app-canary-\u00e9", "expires_in": 1800}',
        '{"access_token": 5, "expires_in": 1800}',
    ],
)
def test_a_success_without_a_usable_token_is_tried_again(careless: Careless, body: str) -> None:
    """A header could not carry it; what stands there instead of a token does not show."""
    careless.status = 200
    careless.template = body

    error = refused(careless.url)

    assert isinstance(error, RetryableError)
    assert "without an access token" in str(error)


def test_the_names_of_rfc_6749_are_understood(careless: Careless) -> None:
    """An answer without a status of HubSpot's own still says what to do."""
    careless.status = 400
    careless.template = json.dumps({"error": "invalid_grant"})

    error = refused(careless.url)

    assert isinstance(error, RefusedGrantError)
    assert "BABYNAMES_HUBSPOT__OAUTH_REFRESH_TOKEN" in str(error)


def test_an_answer_without_a_refresh_token_keeps_the_old_one(careless: Careless) -> None:
    """The time that the request took is taken off the token's life."""
    careless.status = 200
    careless.template = json.dumps({"access_token": "good", "expires_in": 1800})
    moments = iter([10.0, 12.5])

    grant = endpoint(careless.url).refresh(SecretStr(REFRESH), clock=lambda: next(moments))

    assert grant.access_token.get_secret_value() == "good"
    assert grant.refresh_token.get_secret_value() == REFRESH
    assert grant.lifetime == 1797.5


def test_the_secrets_travel_in_the_body_alone(
    careless: Careless, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A form, as RFC 6749 wants it: no header has them, and a login of ~/.netrc is not added."""
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    careless.status = 503

    refused(careless.url)

    [(sent, headers)] = careless.seen
    assert sent == (f"grant_type=refresh_token&client_id=app-1&client_secret={SECRET}&refresh_token={REFRESH}")
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["authorization"] is None
    assert "canary" not in str(headers)


def test_a_server_that_is_not_there_is_named() -> None:
    """The error says what to check; another try may succeed."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"

        error = refused(address)

    assert isinstance(error, RetryableError)
    assert "BABYNAMES_HUBSPOT__BASE_URL" in str(error)


def test_a_server_that_never_answers_is_left() -> None:
    """After the time limit."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        error = refused(f"http://127.0.0.1:{listener.getsockname()[1]}", read_timeout=0.05)

    assert isinstance(error, RetryableError)
    assert "ReadTimeout" in str(error)


def test_an_address_that_cannot_be_stops_at_once() -> None:
    """No other try would succeed."""
    error = refused("http://127.0.0.1:99999")

    assert isinstance(error, FatalError)
    assert "BABYNAMES_HUBSPOT__BASE_URL" in str(error)
