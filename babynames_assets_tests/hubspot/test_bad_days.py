"""What the client makes of each status and of broken connections: try again, or stop with a message that helps."""

import socket
import time
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from babynames_assets.errors import FatalError, PausedError, RetryableError
from babynames_assets.hubspot.auth import StaticTokens
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets_tests.hubspot.emulated import TOKEN, Emulated, contact, emulated_hubspot

PASSING = [408, 423, 429, 477, 500, 502, 503, 504, 520, 521, 522, 523, 524, 527, 599]
LASTING = [301, 307, 404, 405, 418, 525, 526]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize("status", PASSING)
def test_a_passing_status_is_tried_again(client: HubSpotClient, hubspot: Emulated, status: int) -> None:
    """After a status that passes, with a page instead of JSON, the batch is sent again and arrives."""
    hubspot.order(kind="status", status=status, path="upsert")

    outcome = client.upsert([contact("Mary")])

    assert outcome.accepted.keys() == {"1984-F-Mary"}
    assert hubspot.upserts() == 2


@pytest.mark.parametrize("kind", ["burst", "secondly", "locked", "cut", "page"])
def test_a_passing_trouble_is_tried_again(client: HubSpotClient, hubspot: Emulated, kind: str) -> None:
    """After a limit, a lock, a cut connection or a page where JSON should be, the batch is sent again and arrives."""
    hubspot.order(kind=kind, path="upsert")

    outcome = client.upsert([contact("Mary")])

    assert outcome.accepted.keys() == {"1984-F-Mary"}


@pytest.mark.parametrize("status", PASSING)
def test_a_passing_status_that_lasts_says_so(client: HubSpotClient, hubspot: Emulated, status: int) -> None:
    """When a passing status outlasts the attempts, the error names the call, the status and the correlation id."""
    hubspot.order(kind="status", status=status, path="upsert", times=3)

    with pytest.raises(
        RetryableError, match=rf"batch/upsert: HubSpot answered {status} .*correlation id [0-9a-f-]{{36}}"
    ):
        client.upsert([contact("Mary")])


@pytest.mark.parametrize("status", LASTING)
def test_a_lasting_status_is_not_tried_again(client: HubSpotClient, hubspot: Emulated, status: int) -> None:
    """A status that another try cannot mend stops the client at once."""
    hubspot.order(kind="status", status=status, path="upsert")

    with pytest.raises(FatalError, match=rf"HubSpot answered {status}"):
        client.upsert([contact("Mary")])

    assert hubspot.upserts() == 1


def test_a_page_instead_of_json_that_lasts_names_the_setting(client: HubSpotClient, hubspot: Emulated) -> None:
    """A server that answers 200 with a page is no HubSpot; the error says which setting leads there."""
    hubspot.order(kind="page", path="upsert", times=3)

    with pytest.raises(RetryableError, match=r"not JSON .*BABYNAMES_HUBSPOT__BASE_URL"):
        client.upsert([contact("Mary")])


@pytest.mark.parametrize(("kind", "waits"), [("burst", 10.0), ("secondly", 1.0), ("locked", 2.0)])
def test_a_limit_is_waited_for_as_its_kind_needs(hubspot: Emulated, kind: str, waits: float) -> None:
    """Without Retry-After the burst limit is waited for 10 s, the limit on a second 1 s, and a lock 2 s."""
    client = hubspot.client(attempts=1)
    hubspot.order(kind=kind)

    with pytest.raises(RetryableError) as caught:
        client.account()

    assert caught.value.retry_after == waits
    client.close()


@pytest.mark.parametrize(("header", "waits"), [("0", 0.0), ("30", 30.0), ("soon", 10.0), ("-1", 10.0)])
def test_retry_after_wins(hubspot: Emulated, header: str, waits: float) -> None:
    """A Retry-After that can be read is what the client waits; one that cannot says nothing."""
    client = hubspot.client(attempts=1)
    hubspot.order(kind="burst", retry_after=header)

    with pytest.raises(RetryableError) as caught:
        client.account()

    assert caught.value.retry_after == waits
    client.close()


def test_an_unknown_token_stops_with_the_setting_and_the_scopes(hubspot: Emulated) -> None:
    """401 names the variable that holds the token and the scopes that it needs, and is not tried again."""
    client = hubspot.client(tokens=StaticTokens({"BABYNAMES_HUBSPOT__TOKEN": SecretStr("pat-wrong-canary")}))

    with pytest.raises(FatalError, match=r"BABYNAMES_HUBSPOT__TOKEN.*crm\.schemas\.contacts\.write") as caught:
        client.ensure_schema()

    assert "pat-wrong-canary" not in str(caught.value)
    assert hubspot.stats()["by_status"] == {"401": 2}
    client.close()


def test_a_missing_scope_is_named(client: HubSpotClient, hubspot: Emulated) -> None:
    """403 names the scope that HubSpot asks for."""
    hubspot.order(kind="missing_scopes", path="upsert")

    with pytest.raises(FatalError, match=r"Missing: crm\.objects\.contacts\.write\."):
        client.upsert([contact("Mary")])


def test_the_daily_limit_stops_the_schema_too(hubspot: Emulated) -> None:
    """A day that is used up before the sync begins stops it before any other call."""
    client = hubspot.client()
    hubspot.order(kind="daily")

    with pytest.raises(PausedError):
        client.ensure_schema()

    assert hubspot.stats()["requests"] == 1
    client.close()


def test_a_property_that_is_not_unique_blames_no_contact(hubspot: Emulated) -> None:
    """When HubSpot cannot find contacts by the key at all, the batch stops in one call instead of a hundred."""
    client = hubspot.client()

    with pytest.raises(FatalError, match="non-unique"):
        client.upsert([contact(f"N{number}") for number in range(100)])

    assert hubspot.upserts() == 1
    client.close()


def test_a_server_that_is_not_there_is_named() -> None:
    """A refused connection is tried again, and the last error names the address and what to check."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
        client = Emulated(address).client()

        with pytest.raises(RetryableError, match=f"{address} .*BABYNAMES_HUBSPOT__BASE_URL"):
            client.account()

    client.close()


def test_a_server_that_never_answers_is_left(silent_port: int) -> None:
    """An answer that does not come ends the try after the read timeout."""
    client = Emulated(f"http://127.0.0.1:{silent_port}").client(read_timeout=0.05, attempts=2)

    with pytest.raises(RetryableError, match="ReadTimeout"):
        client.account()

    client.close()


def test_an_address_that_cannot_be_is_named() -> None:
    """A base URL that no request can be made of stops at once, and names its setting."""
    client = Emulated("http://127.0.0.1:99999").client()

    with pytest.raises(FatalError, match="BABYNAMES_HUBSPOT__BASE_URL"):
        client.account()

    client.close()


def test_a_client_that_is_too_fast_is_slowed_and_not_failed() -> None:
    """Without a limiter of its own a client meets the burst limit, waits, and gets every batch through."""
    with emulated_hubspot(tier="free", clock=lambda: time.monotonic() * 50) as hubspot:
        client = hubspot.client(attempts=20, max_wait=0.1)
        client.ensure_schema()

        outcomes = [client.upsert([contact(f"N{number}")]) for number in range(150)]

        assert all(outcome.accepted for outcome in outcomes)
        assert hubspot.stats()["contacts"] == 150
        client.close()


def test_every_call_is_logged_with_its_correlation_id_and_no_token(hubspot: Emulated) -> None:
    """Each call logs a line with status, correlation id and times; the token is in no line, error or repr."""
    client = hubspot.client()
    hubspot.order(kind="status", status=503, path="details")

    with capture_logs() as logs:
        client.account()

    calls = [line for line in logs if line["event"] == "hubspot_called"]
    assert [line["status"] for line in calls] == [503, 200]
    assert all(len(line["hubspot_correlation_id"]) == 36 for line in calls)
    assert TOKEN not in repr(logs)
    assert TOKEN not in repr(client) + repr(vars(client))
    client.close()


def test_a_netrc_file_does_not_replace_the_token(
    hubspot: Emulated, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login in ~/.netrc for the same host is not sent instead of the token."""
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client = hubspot.client()

    assert client.account().portal_id == 62515
    client.close()
