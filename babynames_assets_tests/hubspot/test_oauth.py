"""Tests of OAuth's tokens: renewed in time, by one for all, never lost, and never a reason to storm HubSpot."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.grants import name_of
from babynames_assets.hubspot.oauth import PATIENCE, OAuthTokens
from babynames_assets.secret_store import SecretStore
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.sealed_secrets import SealedSecrets
from babynames_assets_tests.hubspot.emulated import Emulated, contact, emulated_hubspot
from babynames_assets_tests.hubspot.oauth_client import (
    APP,
    TOKEN_PATH,
    Interrupted,
    Monotonic,
    oauth_tokens,
    requests_of_tokens,
    secret_store,
)

SECRETS = (APP.client_secret, APP.refresh_token)


@pytest.fixture(scope="module")
def running_hubspot() -> Iterator[Emulated]:
    """One emulator for this file; its account has the app installed."""
    with emulated_hubspot(oauth=APP) as emulated:
        yield emulated


@pytest.fixture
def clock() -> Monotonic:
    """The clock of this process."""
    return Monotonic()


@pytest.fixture
def store(sqlite_engine: Engine) -> SecretStore:
    """Where the tokens are kept."""
    return secret_store(sqlite_engine)


@pytest.fixture
def tokens(hubspot: Emulated, store: SecretStore, clock: Monotonic) -> OAuthTokens:
    """The source of this process."""
    return oauth_tokens(hubspot, store, clock=clock, sleep=clock.sleep)


@pytest.fixture
def client(hubspot: Emulated, tokens: OAuthTokens) -> Iterator[HubSpotClient]:
    """A client that logs in by OAuth, on an account with the properties."""
    client = hubspot.client(tokens=tokens)
    client.ensure_schema()
    yield client
    client.close()


@pytest.fixture
def rotating() -> Iterator[Emulated]:
    """An emulator that gives another refresh token each time, and ends the old one."""
    with emulated_hubspot(oauth=replace(APP, rotates=True)) as emulated:
        yield emulated


def row_of(hubspot: Emulated) -> str:
    """Under which name the tokens are kept."""
    return name_of(hubspot.url, APP.client_id, SecretStr(APP.refresh_token))


def works(hubspot: Emulated, tokens: OAuthTokens) -> bool:
    """Whether HubSpot takes the current token."""
    token = tokens.current().token.get_secret_value()
    return hubspot.call("GET", "/account-info/2026-03/details", token=token).status_code == 200


def test_a_sync_gets_its_token_by_itself(client: HubSpotClient, hubspot: Emulated) -> None:
    """One token is enough for all its calls."""
    for number in range(5):
        assert client.upsert([contact(f"N{number}")]).accepted

    assert requests_of_tokens(hubspot) == 1
    assert "401" not in hubspot.stats()["by_status"]


def test_another_process_takes_the_token_that_is_there(
    hubspot: Emulated, tokens: OAuthTokens, store: SecretStore
) -> None:
    """A run that starts costs HubSpot no token while the last one is good."""
    first = tokens.current()

    second = oauth_tokens(hubspot, store).current()

    assert second == first
    assert requests_of_tokens(hubspot) == 1


def test_a_token_is_renewed_before_it_ends(hubspot: Emulated, tokens: OAuthTokens, clock: Monotonic) -> None:
    """After four fifths of its half hour, and not earlier; no call has to be refused for it."""
    first = tokens.current()
    clock.now += 1430
    assert tokens.current() == first

    clock.now += 15
    second = tokens.current()

    assert second != first
    assert requests_of_tokens(hubspot) == 2
    assert works(hubspot, tokens)


def test_a_token_that_another_process_renewed_is_taken(
    hubspot: Emulated, tokens: OAuthTokens, store: SecretStore, clock: Monotonic
) -> None:
    """Two processes that run for hours ask for one token each half hour, not for two."""
    later = Monotonic()
    other = oauth_tokens(hubspot, store, clock=later, sleep=later.sleep)
    tokens.current()
    other.current()

    clock.now += 1445
    later.now += 1450

    assert tokens.current() == other.current()
    assert requests_of_tokens(hubspot) == 2


def test_an_expired_token_costs_one_call(client: HubSpotClient, hubspot: Emulated) -> None:
    """Where HubSpot ends a token early the call is repeated with a new one, and nothing is lost."""
    hubspot.change_tokens(expire=True)

    assert client.upsert([contact("Mary")]).accepted

    assert requests_of_tokens(hubspot) == 2
    assert hubspot.stats()["by_status"]["401"] == 1


def test_a_revoked_access_token_is_replaced(client: HubSpotClient, hubspot: Emulated, tokens: OAuthTokens) -> None:
    """The refresh token is still good, so there is nothing for a person to do."""
    hubspot.change_tokens(revoke=[tokens.current().token.get_secret_value()])

    assert client.upsert([contact("Mary")]).accepted

    assert requests_of_tokens(hubspot) == 2


def test_calls_that_meet_the_end_together_cause_one_renewal(client: HubSpotClient, hubspot: Emulated) -> None:
    """The first asks for all."""
    hubspot.change_tokens(expire=True)

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda number: client.upsert([contact(f"N{number}")]), range(40)))

    assert all(outcome.accepted for outcome in outcomes)
    assert requests_of_tokens(hubspot) == 2


def test_tokens_that_are_refused_again_and_again_stop_the_sync(client: HubSpotClient, hubspot: Emulated) -> None:
    """Two are replaced; the third ends it with what to do, instead of asking for ever."""
    hubspot.order(kind="unauthorized", path="/upsert", times=100)

    with pytest.raises(FatalError, match=r"number 3 in a row.*still connected.*hubspot-credentials") as caught:
        client.upsert([contact("Mary")])

    assert requests_of_tokens(hubspot) == 3
    assert all(secret not in str(caught.value) for secret in SECRETS)


def test_an_outage_of_the_token_endpoint_is_not_taken_for_refusals(client: HubSpotClient, hubspot: Emulated) -> None:
    """A token ends early while no other is to be had: the sync may be tried again, and then goes on."""
    hubspot.change_tokens(expire=True)
    hubspot.order(kind="burst", path=TOKEN_PATH, times=12, retry_after="0")

    with pytest.raises(RetryableError, match=TOKEN_PATH):
        client.upsert([contact("Mary")])
    assert hubspot.stats()["by_status"]["401"] == 1

    assert client.upsert([contact("Mary")]).accepted
    assert hubspot.stats()["by_status"]["401"] == 1


def test_a_thread_that_looked_before_another_had_renewed_does_not_renew_again(
    hubspot: Emulated, store: SecretStore
) -> None:
    """It saw that the token was due, and comes to its turn when that is done."""
    clock = Monotonic()
    looks: list[float] = []

    def look() -> float:
        looks.append(clock.now)
        if len(looks) == 2:  # the token is seen to be due; nobody is renewing it yet
            source.current()
        return clock.now

    source = oauth_tokens(hubspot, store, clock=look, sleep=clock.sleep)
    source.current()
    clock.now += 1445
    looks.clear()

    source.current()

    assert requests_of_tokens(hubspot) == 2


def test_refusals_with_a_success_between_them_are_not_in_a_row(client: HubSpotClient, hubspot: Emulated) -> None:
    """A sync of many hours outlives any number of early ends."""
    for number in range(6):
        hubspot.change_tokens(expire=True)
        assert client.upsert([contact(f"N{number}")]).accepted

    assert requests_of_tokens(hubspot) == 7


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "burst", "retry_after": "0"},
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 503, "retry_after": "0"},
        {"kind": "status", "status": 504},
        {"kind": "cut"},
        {"kind": "page"},
        {"kind": "apply_then_cut"},
    ],
    ids=lambda fault: "-".join(str(value) for value in fault.values()),
)
def test_a_passing_trouble_of_the_token_endpoint_is_tried_again(
    hubspot: Emulated, tokens: OAuthTokens, fault: dict[str, str]
) -> None:
    """429, 5xx, a cut connection, a page where JSON should be."""
    hubspot.order(path=TOKEN_PATH, **fault)

    assert works(hubspot, tokens)
    assert requests_of_tokens(hubspot) == 2


def test_a_trouble_that_lasts_says_so(hubspot: Emulated, tokens: OAuthTokens) -> None:
    """After four tries the error names the call; another try of the whole may succeed."""
    hubspot.order(kind="burst", path=TOKEN_PATH, times=4, retry_after="0")

    with pytest.raises(RetryableError, match=rf"POST {TOKEN_PATH}: HubSpot answered 429"):
        tokens.current()

    assert requests_of_tokens(hubspot) == 4
    assert works(hubspot, tokens)


def test_a_renewal_that_fails_early_is_no_reason_to_stop(
    hubspot: Emulated, tokens: OAuthTokens, clock: Monotonic
) -> None:
    """The token is good for minutes yet: it is used on, and the renewal tried again half a minute later."""
    first = tokens.current()
    hubspot.order(kind="burst", path=TOKEN_PATH, times=4, retry_after="0")
    clock.now += 1445

    with capture_logs() as logs:
        assert [tokens.current() for _ in range(3)] == [first] * 3

    assert [line["event"] for line in logs].count("hubspot_token_renewal_postponed") == 1
    assert requests_of_tokens(hubspot) == 1 + 4
    clock.now += 31
    assert tokens.current() != first


@pytest.mark.parametrize(
    ("change", "reason", "setting"),
    [
        ({"refresh_token": "wrong-canary"}, "BAD_REFRESH_TOKEN", "OAUTH_REFRESH_TOKEN"),
        ({"client_id": "wrong"}, "BAD_CLIENT_ID", "OAUTH_CLIENT_ID"),
        ({"client_secret": "wrong-canary"}, "BAD_CLIENT_SECRET", "OAUTH_CLIENT_SECRET"),
    ],
)
def test_wrong_credentials_stop_at_once_with_what_to_do(
    hubspot: Emulated, store: SecretStore, change: dict[str, Any], reason: str, setting: str
) -> None:
    """One call; the message has HubSpot's reason, the setting and the guide, and no secret."""
    tokens = oauth_tokens(hubspot, store, app=replace(APP, **change))

    with pytest.raises(
        FatalError, match=rf"{reason}.*BABYNAMES_HUBSPOT__{setting} .*hubspot-credentials\.md"
    ) as caught:
        tokens.current()

    assert requests_of_tokens(hubspot) == 1
    assert all(secret not in str(caught.value) for secret in (*SECRETS, "wrong-canary"))


def test_a_refresh_token_that_was_revoked_stops_the_sync(client: HubSpotClient, hubspot: Emulated) -> None:
    """The app was removed from the account: the next renewal says what to do."""
    hubspot.change_tokens(revoke=[APP.refresh_token], expire=True)

    with pytest.raises(FatalError, match=r"BAD_REFRESH_TOKEN.*Authorise the app again"):
        client.upsert([contact("Mary")])


def test_a_new_refresh_token_in_the_settings_begins_anew(hubspot: Emulated, store: SecretStore) -> None:
    """After the app was authorised again nothing of what the old token left is used."""
    oauth_tokens(hubspot, store).current()
    hubspot.change_tokens(revoke=[APP.refresh_token], expire=True)
    second = authorised_again(hubspot)

    tokens = oauth_tokens(hubspot, store, app=replace(APP, refresh_token=second))

    assert works(hubspot, tokens)
    assert "401" not in hubspot.stats()["by_status"]


def authorised_again(hubspot: Emulated) -> str:
    """The refresh token that a person gets who installs the app anew."""
    address = "http://localhost:8765/callback"
    query = {"client_id": APP.client_id, "redirect_uri": address}
    page = hubspot.session.get(f"{hubspot.url}/oauth/authorize", params=query, timeout=5, allow_redirects=False)
    code = parse_qs(urlsplit(page.headers["location"]).query)["code"][0]
    secrets = {"client_id": APP.client_id, "client_secret": APP.client_secret}
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": address, **secrets}
    refresh_token: str = hubspot.session.post(hubspot.url + TOKEN_PATH, data=form, timeout=5).json()["refresh_token"]
    return refresh_token


def test_a_newer_refresh_token_outlives_the_process(rotating: Emulated, sqlite_engine: Engine) -> None:
    """The one of the settings is used up by then; what HubSpot gave last is kept and works."""
    for _ in range(4):
        clock = Monotonic()
        tokens = oauth_tokens(rotating, secret_store(sqlite_engine), clock=clock, sleep=clock.sleep)
        assert works(rotating, tokens)
        clock.now += 1500
        assert works(rotating, tokens)

    assert requests_of_tokens(rotating) == 5


def test_a_token_that_cannot_be_kept_is_not_used_and_not_forgotten(rotating: Emulated, sqlite_engine: Engine) -> None:
    """While the warehouse is away no call goes out; when it is back the same token is kept, and then used."""
    rows = Interrupted(sqlite_engine)
    tokens = oauth_tokens(rotating, secret_store(sqlite_engine, rows))

    def fail() -> None:
        raise RetryableError("The warehouse cannot answer now.")

    rows.before_write = fail
    for _ in range(2):
        with pytest.raises(RetryableError, match="warehouse"):
            tokens.current()
    assert secret_store(sqlite_engine).read(row_of(rotating)) is None
    rows.before_write = lambda: None

    assert works(rotating, tokens)
    assert requests_of_tokens(rotating) == 1
    assert works(rotating, oauth_tokens(rotating, secret_store(sqlite_engine)))


def test_a_process_that_was_too_slow_takes_what_the_other_got(rotating: Emulated, sqlite_engine: Engine) -> None:
    """Its lease was over and its refresh token used up by another: it finds the newer one instead of giving up."""
    rows = Interrupted(sqlite_engine)
    slow = oauth_tokens(rotating, secret_store(sqlite_engine, rows))
    quick = oauth_tokens(rotating, secret_store(sqlite_engine))

    def let_the_other_pass(number: int) -> None:
        if number == 2:  # right before it asks
            end_leases(sqlite_engine)
            quick.current()

    rows.after_lease = let_the_other_pass

    assert slow.current() == quick.current()
    assert works(rotating, slow)


def test_a_process_that_answers_late_leaves_the_newer_token_alone(hubspot: Emulated, sqlite_engine: Engine) -> None:
    """Both got a token; the one that is kept already is the one that both use."""
    rows = Interrupted(sqlite_engine)
    slow = oauth_tokens(hubspot, secret_store(sqlite_engine, rows))
    quick = oauth_tokens(hubspot, secret_store(sqlite_engine))

    def let_the_other_pass() -> None:
        rows.before_write = lambda: None
        end_leases(sqlite_engine)
        quick.current()

    rows.before_write = let_the_other_pass

    assert slow.current() == quick.current()
    assert requests_of_tokens(hubspot) == 2


def end_leases(engine: Engine) -> None:
    """As if the time of every holder were over."""
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sealed_secrets SET leased_until = '2000-01-01 00:00:00'")


def test_a_holder_that_died_is_waited_for_no_longer_than_its_lease(hubspot: Emulated, store: SecretStore) -> None:
    """Then the next one asks."""
    store.lease(row_of(hubspot), "a process that died", 0.3)

    assert works(hubspot, oauth_tokens(hubspot, store))


def test_a_holder_that_never_ends_is_not_waited_for_for_ever(
    hubspot: Emulated, tokens: OAuthTokens, store: SecretStore, clock: Monotonic
) -> None:
    """The error says what is being waited for; another try may succeed."""
    store.lease(row_of(hubspot), "a process that hangs", 20)

    with pytest.raises(RetryableError, match="another process has been getting the access token"):
        tokens.current()

    assert PATIENCE <= sum(clock.slept) < PATIENCE + 1
    assert requests_of_tokens(hubspot) == 0


def test_while_another_process_renews_a_good_token_is_used_on(
    hubspot: Emulated, tokens: OAuthTokens, store: SecretStore, clock: Monotonic
) -> None:
    """Nobody waits for a token that is not needed yet."""
    first = tokens.current()
    store.lease(row_of(hubspot), "another process", 20)
    clock.now += 1445

    assert tokens.current() == first
    assert clock.slept == []


def test_a_failed_renewal_leaves_the_lease_to_others(
    hubspot: Emulated, tokens: OAuthTokens, store: SecretStore
) -> None:
    """They need not wait until it is over."""
    hubspot.order(kind="burst", path=TOKEN_PATH, times=4, retry_after="0")
    with pytest.raises(RetryableError):
        tokens.current()

    assert store.lease(row_of(hubspot), "another process", 20)


def test_no_secret_shows_while_tokens_come_and_go(
    client: HubSpotClient, hubspot: Emulated, tokens: OAuthTokens, sqlite_engine: Engine, store: SecretStore
) -> None:
    """Neither in the log, nor in a repr, nor in a row: not the app's secrets and not the access tokens."""
    seen = [tokens.current().token.get_secret_value()]
    with capture_logs() as logs:
        hubspot.order(kind="status", status=500, path=TOKEN_PATH)
        hubspot.change_tokens(expire=True)
        client.upsert([contact("Mary")])
        seen.append(tokens.current().token.get_secret_value())
    with sqlite_engine.connect() as connection:
        rows = repr(connection.exec_driver_sql("SELECT * FROM sealed_secrets").all())

    shown = repr(logs) + rows + repr(vars(tokens)) + repr(vars(client)) + repr(SealedSecrets(sqlite_engine).all())

    assert {line["event"] for line in logs} >= {
        "hubspot_token_refused",
        "hubspot_token_requested",
        "hubspot_token_renewed",
    }
    assert len(set(seen)) == 2
    assert [secret for secret in (*SECRETS, *seen) if secret in shown] == []


def test_a_sync_outlives_its_tokens(store: SecretStore) -> None:
    """With tokens of two seconds and real clocks: four calls at a time go on over several of them, and none is lost."""
    with emulated_hubspot(oauth=replace(APP, lifetime=2), calls_per_window=0, latency=0.02) as hubspot:
        client = hubspot.client(tokens=oauth_tokens(hubspot, store))
        client.ensure_schema()
        sent = 0
        with ThreadPoolExecutor(4) as pool:
            while requests_of_tokens(hubspot) < 4:
                batches = [[contact(f"N{number}")] for number in range(sent, sent + 8)]
                assert all(outcome.accepted for outcome in pool.map(client.upsert, batches))
                sent += 8

        assert len(hubspot.births()) == sent
        client.close()
