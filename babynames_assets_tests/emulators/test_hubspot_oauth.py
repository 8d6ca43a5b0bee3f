"""The emulator's tokens: given for a refresh token, a code or the app itself; they expire and are revoked."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from babynames_assets.emulators.hubspot.tokens import App
from babynames_assets_tests.hubspot.emulated import TOKEN, Clock, Emulated, emulated_hubspot

APP = App(client_id="app-1", client_secret="app-canary-secret", refresh_token="app-canary-refresh")
DETAILS = "/account-info/2026-03/details"
VERSIONS = ["v1", "v3", "2026-03", "2026-09"]


@pytest.fixture
def clock() -> Clock:
    """A clock that the test sets."""
    return Clock()


@pytest.fixture
def hubspot(clock: Clock) -> Iterator[Emulated]:
    """An account that has an app installed and takes two lasting tokens."""
    with emulated_hubspot(token=[TOKEN, "pat-second"], oauth=APP, clock=clock) as emulated:
        yield emulated


def ask(hubspot: Emulated, path: str = "2026-03/token", **fields: str) -> requests.Response:
    """Ask an OAuth endpoint as the app."""
    form = {
        "grant_type": "refresh_token",
        "client_id": APP.client_id,
        "client_secret": APP.client_secret,
        "refresh_token": APP.refresh_token,
        **fields,
    }
    return hubspot.session.post(f"{hubspot.url}/oauth/{path}", data=form, timeout=5, allow_redirects=False)


def status(hubspot: Emulated, token: str) -> int:
    """What a call with a token is answered with."""
    return hubspot.call("GET", DETAILS, token=token).status_code


@pytest.mark.parametrize("version", VERSIONS)
def test_a_refresh_token_gives_an_access_token_that_works(hubspot: Emulated, version: str) -> None:
    """Every version of the path gives one for half an hour, and the same refresh token again."""
    answer = ask(hubspot, f"{version}/token")

    body = answer.json()
    assert answer.status_code == 200
    assert (body["token_type"], body["expires_in"], body["refresh_token"]) == ("bearer", 1800, APP.refresh_token)
    assert status(hubspot, body["access_token"]) == 200


def test_the_endpoint_says_nothing_of_limits_and_spends_none(hubspot: Emulated) -> None:
    """Its answer has a correlation id and must not be stored; the API's allowance is as before."""
    answer = ask(hubspot)

    assert {name.lower() for name in answer.headers if "hubspot" in name.lower()} == {"x-hubspot-correlation-id"}
    assert answer.headers["cache-control"] == "no-store"
    left = hubspot.call("GET", DETAILS).headers["x-hubspot-ratelimit-remaining"]
    assert left == str(int(hubspot.call("GET", DETAILS).headers["x-hubspot-ratelimit-remaining"]) + 1)


def test_an_access_token_expires_by_the_emulator_s_clock(hubspot: Emulated, clock: Clock) -> None:
    """Until then it works; afterwards 401 says since when, in HubSpot's words."""
    token = ask(hubspot).json()["access_token"]
    clock.now += 1799.5
    assert status(hubspot, token) == 200

    clock.now += 12.5
    answer = hubspot.call("GET", DETAILS, token=token)

    assert answer.status_code == 401
    assert answer.json()["category"] == "EXPIRED_AUTHENTICATION"
    assert answer.json()["message"] == "The OAuth token used to make this call expired 12 second(s) ago."
    assert answer.json()["context"] == {"expire time": ["2026-11-23T17:30:00.000Z"]}


def test_access_tokens_expire_on_order(hubspot: Emulated) -> None:
    """For the case that HubSpot ends them earlier than it said; the lasting ones stay."""
    token = ask(hubspot).json()["access_token"]

    hubspot.change_tokens(expire=True)

    assert hubspot.call("GET", DETAILS, token=token).json()["category"] == "EXPIRED_AUTHENTICATION"
    assert status(hubspot, TOKEN) == 200


@pytest.mark.parametrize(
    ("fields", "error", "reason"),
    [
        ({"refresh_token": "unknown"}, "invalid_grant", "BAD_REFRESH_TOKEN"),
        ({"client_id": "unknown"}, "invalid_client", "BAD_CLIENT_ID"),
        ({"client_secret": "unknown"}, "invalid_client", "BAD_CLIENT_SECRET"),
        ({"grant_type": "password"}, "unsupported_grant_type", "BAD_GRANT_TYPE"),
        ({"grant_type": "authorization_code", "code": "unknown"}, "invalid_grant", "BAD_AUTH_CODE"),
    ],
)
def test_what_is_wrong_is_named(hubspot: Emulated, fields: dict[str, str], error: str, reason: str) -> None:
    """400, with the names of RFC 6749 and with HubSpot's own."""
    answer = ask(hubspot, **fields)

    assert answer.status_code == 400
    assert (answer.json()["error"], answer.json()["status"]) == (error, reason)


def test_a_rotating_refresh_token_works_once(clock: Clock) -> None:
    """Where it is asked for, each refresh ends the token that asked."""
    with emulated_hubspot(oauth=App(client_id=APP.client_id, client_secret=APP.client_secret, rotates=True)) as hubspot:
        first = "emulator-refresh-token"
        second = ask(hubspot, refresh_token=first).json()["refresh_token"]

        assert second != first
        assert ask(hubspot, refresh_token=first).json()["status"] == "BAD_REFRESH_TOKEN"
        assert ask(hubspot, refresh_token=second).status_code == 200


def test_an_installation_gives_a_code_that_is_good_once(hubspot: Emulated) -> None:
    """The page sends the browser back with a code and the app's own state; the code buys a refresh token."""
    address = "http://localhost:8765/callback"
    query = {"client_id": APP.client_id, "redirect_uri": address, "scope": "oauth", "state": "s-1"}
    page = hubspot.session.get(f"{hubspot.url}/oauth/authorize", params=query, timeout=5, allow_redirects=False)
    back = urlsplit(page.headers["location"])
    answer = {name: values[0] for name, values in parse_qs(back.query).items()}

    bought = ask(hubspot, grant_type="authorization_code", code=answer["code"], redirect_uri=address)
    again = ask(hubspot, grant_type="authorization_code", code=answer["code"], redirect_uri=address)

    assert answer["state"] == "s-1"
    assert status(hubspot, bought.json()["access_token"]) == 200
    assert ask(hubspot, refresh_token=bought.json()["refresh_token"]).status_code == 200
    assert again.json()["status"] == "BAD_AUTH_CODE"


def test_an_installation_of_an_unknown_app_is_refused(hubspot: Emulated) -> None:
    """Nothing is sent to an address that is not the app's."""
    query = {"client_id": "unknown", "redirect_uri": "http://localhost:1/"}

    page = hubspot.session.get(f"{hubspot.url}/oauth/authorize", params=query, timeout=5, allow_redirects=False)

    assert page.status_code == 400


def test_the_app_itself_gets_a_token_without_a_refresh_token(hubspot: Emulated) -> None:
    """The grant of client credentials."""
    body = ask(hubspot, grant_type="client_credentials").json()

    assert status(hubspot, body["access_token"]) == 200
    assert "refresh_token" not in body


def test_a_token_tells_what_it_is(hubspot: Emulated, clock: Clock) -> None:
    """Introspection knows access tokens, until they end, and refresh tokens; others are nothing."""
    token = ask(hubspot).json()["access_token"]
    clock.now += 800
    access = ask(hubspot, "2026-03/token/introspect", token=token).json()
    refresh = ask(hubspot, "2026-03/token/introspect", token=APP.refresh_token).json()
    clock.now += 1000
    ended = ask(hubspot, "2026-03/token/introspect", token=token).json()

    assert (access["active"], access["token_use"], access["expires_in"]) == (True, "access_token", 1000)
    assert (refresh["active"], refresh["token_use"]) == (True, "refresh_token")
    assert "expires_in" not in refresh
    assert ended == {"active": False}


def test_the_app_revokes_its_tokens(hubspot: Emulated) -> None:
    """Neither the access token nor the refresh token is taken afterwards."""
    token = ask(hubspot).json()["access_token"]

    ask(hubspot, "2026-03/token/revoke", token=token)
    ask(hubspot, "2026-03/token/revoke", token=APP.refresh_token)

    assert hubspot.call("GET", DETAILS, token=token).json()["category"] == "INVALID_AUTHENTICATION"
    assert ask(hubspot).json()["status"] == "BAD_REFRESH_TOKEN"


def test_lasting_tokens_are_added_and_revoked(hubspot: Emulated) -> None:
    """Two are good at once, as while a key is rotated; a new account has the first ones again."""
    assert (status(hubspot, TOKEN), status(hubspot, "pat-second"), status(hubspot, "pat-third")) == (200, 200, 401)

    hubspot.change_tokens(add=["pat-third"], revoke=[TOKEN])
    assert (status(hubspot, TOKEN), status(hubspot, "pat-second"), status(hubspot, "pat-third")) == (401, 200, 200)

    hubspot.reset()
    assert (status(hubspot, TOKEN), status(hubspot, "pat-third")) == (200, 401)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN, "Bearer Bearer"])
def test_a_header_without_a_known_token_is_refused(hubspot: Emulated, authorization: str) -> None:
    """In HubSpot's words for credentials that it does not find."""
    answer = hubspot.session.get(
        hubspot.url + DETAILS, headers={"Authorization": authorization} if authorization else {}, timeout=5
    )

    assert answer.status_code == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"


def test_the_token_endpoint_has_bad_days_on_order(hubspot: Emulated) -> None:
    """A fault on its path strikes it, and no other call."""
    hubspot.order(kind="burst", path="/oauth/")

    assert status(hubspot, TOKEN) == 200
    assert ask(hubspot).status_code == 429
    assert ask(hubspot).status_code == 200
