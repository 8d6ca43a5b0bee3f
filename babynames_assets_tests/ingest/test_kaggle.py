"""Tests of the Kaggle client against the emulator."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import requests
import stamina
from kagglesdk.kaggle_env import KaggleEnv
from kagglesdk.kaggle_http_client import KaggleHttpClient

from babynames_assets.emulators.kaggle_faults import Fault
from babynames_assets.emulators.kaggle_versions import publish
from babynames_assets.errors import ConfigurationError, FatalError, RetryableError
from babynames_assets.ingest.kaggle import DatasetVersion, KaggleDatasets
from babynames_assets.ingest.kaggle_errors import connection_error, retry_after, storage_error
from babynames_assets_tests.emulators.kaggle_service import DATASET, KaggleService, kaggle_service

TABLE = b"YearOfBirth,Name,Sex,Number\n1880,Mary,F,7065\n"
TOKEN = "KGAT_sesame"
PROGRAM = """
import sys
from babynames_assets.errors import FatalError
from babynames_assets.ingest.kaggle import KaggleDatasets

client = KaggleDatasets(base_url=sys.argv[1], token=None, connect_timeout=5, read_timeout=5)
try:
    client.latest(sys.argv[2])
except FatalError as error:
    sys.exit(str(error))
"""


@pytest.fixture(autouse=True)
def _no_waits() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=10, cap=True):
        yield


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KaggleService]:
    """One emulator for all tests: starting and ending one takes longer than a test."""
    with kaggle_service(tmp_path_factory.mktemp("kaggle"), token=TOKEN) as running:
        yield running


@pytest.fixture
def service(emulator: KaggleService) -> KaggleService:
    """An emulator of a private dataset with one version."""
    emulator.reset()
    emulator.publish(TABLE)
    return emulator


@pytest.fixture
def client(service: KaggleService) -> Iterator[KaggleDatasets]:
    """A client with the right token, that gives up after two tries and after half a second of silence."""
    with service.client(token=TOKEN, read_timeout=0.5) as opened:
        yield opened


def test_the_newest_version_comes_with_its_date(service: KaggleService, client: KaggleDatasets) -> None:
    """Number, publication time in UTC and size are those that were published."""
    moment = datetime(2026, 11, 18, 10, 0, 0, 123000, tzinfo=UTC)
    second = service.folder.parent / "second.csv"
    second.write_bytes(TABLE * 2)
    publish(service.folder, second, now=lambda: moment)

    assert client.latest(DATASET) == DatasetVersion(DATASET, 2, moment, len(TABLE) * 2)


def test_a_pinned_version_comes_with_its_own_date(service: KaggleService, client: KaggleDatasets) -> None:
    """The date of an older version does not change when a newer one is published."""
    alone = client.latest(DATASET, 1)
    service.publish(TABLE * 2)

    pinned = client.latest(DATASET, 1)

    assert (pinned.number, pinned.updated_at) == (1, alone.updated_at)


def test_a_version_that_does_not_exist_yet_is_named(client: KaggleDatasets) -> None:
    """The message gives the newest number and the setting."""
    with pytest.raises(FatalError, match=r"no version 7; its newest is 1\. Change BABYNAMES_KAGGLE__VERSION"):
        client.latest(DATASET, 7)


@pytest.mark.parametrize("dataset", ["names", "/names", "someone/", "a/b/c"])
def test_a_dataset_without_owner_and_slug_is_refused(client: KaggleDatasets, dataset: str) -> None:
    """Nothing is sent for it."""
    with pytest.raises(ConfigurationError, match="owner/slug"):
        client.latest(dataset)


def test_a_passing_failure_is_tried_again(service: KaggleService, client: KaggleDatasets) -> None:
    """After one 503 the answer comes with the second request."""
    service.fail({"on": "GetDataset", "status": 503, "body": "html"})

    assert client.latest(DATASET).number == 1
    assert service.requests()["GetDataset"] == 2


def test_a_busy_kaggle_says_how_long_to_wait(service: KaggleService, client: KaggleDatasets) -> None:
    """Retry-After of the last 429 is carried by the error."""
    busy: Fault = {"on": "api", "status": 429, "body": "nested", "retry_after": "7"}
    service.fail(busy, busy)

    with pytest.raises(RetryableError, match="429: Too Many Requests") as caught:
        client.latest(DATASET)

    assert caught.value.retry_after == 7


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(401, "KAGGLE__TOKEN"), (403, "accept its rules"), (404, "KAGGLE__DATASET"), (400, "landing folder")],
)
def test_a_lasting_failure_is_told_with_its_remedy(
    service: KaggleService, client: KaggleDatasets, status: int, remedy: str
) -> None:
    """One request is made, and the message says what to change."""
    service.fail({"on": "api", "status": status})

    with pytest.raises(FatalError, match=f"(?s){status}: .*{remedy}"):
        client.latest(DATASET)

    assert service.requests()["GetDataset"] == 1


def test_a_failure_inside_a_good_answer_is_a_failure(service: KaggleService, client: KaggleDatasets) -> None:
    """Status 200 with code 403 in the body counts as 403."""
    service.fail({"on": "api", "status": 200, "code": 403})

    with pytest.raises(FatalError, match="answered GetDataset of someone/names with 403: Forbidden"):
        client.latest(DATASET)


@pytest.mark.parametrize("body", ["html", "nested", "garbled"])
def test_a_page_in_place_of_the_description_is_retryable(
    service: KaggleService, client: KaggleDatasets, body: str
) -> None:
    """Neither an HTML page nor an answer without a version passes for a dataset."""
    fault = {"on": "api", "status": 200, "body": body}
    requests.post(f"{service.url}/_faults", json=[fault, fault], timeout=5)

    with pytest.raises(RetryableError, match="not a dataset's description"):
        client.latest(DATASET)


def test_a_silent_kaggle_is_given_up_after_the_timeout(service: KaggleService, client: KaggleDatasets) -> None:
    """No call waits for ever."""
    silence: Fault = {"on": "api", "stall": 3.0}
    service.fail(silence, silence)

    with pytest.raises(RetryableError, match=r"No answer from http://127.0.0.1:\d+ for GetDataset"):
        client.latest(DATASET)


def test_a_client_may_be_closed_twice(client: KaggleDatasets) -> None:
    """Closing ends the connections and is harmless when there are none."""
    client.latest(DATASET)

    client.close()
    client.close()

    assert client.latest(DATASET).number == 1


def test_the_sdk_still_has_what_the_client_sets(client: KaggleDatasets) -> None:
    """The private names that the client sets exist; an upgrade of kagglesdk that drops them fails here."""
    plain = KaggleHttpClient(env=KaggleEnv.PROD)

    assert vars(plain)["_endpoint"] == "https://api.kaggle.com"
    assert vars(plain)["_session"] is None


def test_a_download_opens_the_archive(service: KaggleService, client: KaggleDatasets) -> None:
    """The streamed answer holds the version's bytes, and the token did not reach the storage, which would refuse it."""
    with client.open_download(client.latest(DATASET)) as response:
        assert response.content == service.archive(1)


def test_a_pinned_version_is_the_one_that_is_opened(service: KaggleService, client: KaggleDatasets) -> None:
    """Its own archive comes after a newer one was published."""
    service.publish(TABLE * 2)

    with client.open_download(client.latest(DATASET, 1)) as response:
        assert response.content == service.archive(1)


def test_a_download_goes_on_from_an_offset_under_the_same_etag(service: KaggleService, client: KaggleDatasets) -> None:
    """Each request asks for a new link, and 206 brings the rest."""
    version = client.latest(DATASET)
    with client.open_download(version) as first:
        etag = first.headers["ETag"]

    with client.open_download(version, offset=10, etag=etag) as rest:
        assert rest.status_code == 206
        assert rest.content == service.archive(1)[10:]
    assert service.requests()["DownloadDataset"] == 2


def test_an_offset_without_an_etag_starts_afresh(service: KaggleService, client: KaggleDatasets) -> None:
    """Bytes of unknown origin are not continued."""
    with client.open_download(client.latest(DATASET), offset=10) as response:
        assert (response.status_code, response.content) == (200, service.archive(1))


def test_a_withdrawn_link_is_retryable_and_never_shown(service: KaggleService, client: KaggleDatasets) -> None:
    """The next try asks for a new link; the message holds no signature."""
    service.fail({"on": "storage", "status": 403, "body": "expired"})

    with pytest.raises(RetryableError, match=r"answered 403.*new link") as caught:
        client.open_download(client.latest(DATASET))

    assert "Signature" not in str(caught.value)


def test_a_silent_storage_is_retryable_and_its_link_never_shown(service: KaggleService, client: KaggleDatasets) -> None:
    """Neither the error nor what it was raised from holds the signed link."""
    service.fail({"on": "storage", "stall": 3.0})

    with pytest.raises(RetryableError, match=r"No answer from localhost:\d+ for the download") as caught:
        client.open_download(client.latest(DATASET))

    assert caught.value.__suppress_context__
    assert "Signature" not in str(caught.value)


def test_a_download_that_is_no_link_is_retryable(service: KaggleService, client: KaggleDatasets) -> None:
    """A page with status 200 where the link should be is told as what it is."""
    version = client.latest(DATASET)
    service.fail({"on": "DownloadDataset", "status": 200, "body": "html"})

    with pytest.raises(RetryableError, match=r"status 200 and text/html.* instead of a link"):
        client.open_download(version)


def test_an_unreachable_kaggle_is_retryable() -> None:
    """A closed port is a passing failure."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with (
        KaggleDatasets(base_url=url, token=None, connect_timeout=1, read_timeout=1, tries=1) as client,
        pytest.raises(RetryableError, match="ConnectionError"),
    ):
        client.latest(DATASET)


def test_no_secret_is_shown_by_the_client_or_its_errors(service: KaggleService) -> None:
    """Neither repr nor the error for a wrong token holds the token."""
    with service.client(token="KGAT_wrong") as client:
        with pytest.raises(FatalError) as caught:
            client.latest(DATASET)

        assert "KGAT_wrong" not in repr(client) + str(caught.value) + repr(caught.value.__cause__)


def test_credentials_of_the_environment_and_the_home_folder_are_left_alone(
    service: KaggleService, tmp_path: Path
) -> None:
    """Without a token the call goes out without one, prints nothing and writes nothing, whatever lies around."""
    home = tmp_path / "home"
    (home / ".kaggle").mkdir(parents=True)
    (home / ".kaggle" / "access_token").write_text(TOKEN)
    environment = {**os.environ, "HOME": str(home), "KAGGLE_API_TOKEN": TOKEN, "VERBOSE": "1"}

    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, service.url, DATASET],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "401: Unauthenticated" in run.stderr
    assert TOKEN not in run.stdout + run.stderr
    assert [path.name for path in home.rglob("*")] == [".kaggle", "access_token"]


def _answer(status: int, **headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("-3", 0), ("86400", 60), ("nan", None), ("inf", None), ("soon", None), ("", None)],
)
def test_retry_after_is_obeyed_within_reason(text: str, seconds: float | None) -> None:
    """Seconds are clamped, nonsense is ignored."""
    assert retry_after(_answer(429, Retry_After=text)) == seconds


def test_retry_after_may_be_a_date() -> None:
    """The HTTP date form gives the seconds until then."""
    moment = datetime.now(UTC) + timedelta(seconds=30)

    seconds = retry_after(_answer(429, Retry_After=format_datetime(moment, usegmt=True)))

    assert seconds is not None
    assert 25 < seconds <= 30


def test_a_storage_that_refuses_for_good_points_to_the_landing_folder() -> None:
    """A status that no new link can change is fatal."""
    error = storage_error(_answer(407))

    assert isinstance(error, FatalError)
    assert "landing folder" in str(error)


def test_a_foreign_certificate_is_told_with_its_remedy() -> None:
    """A proxy that re-signs the traffic is fatal and names the variable that helps."""
    error = connection_error("GetDataset", "https://api.kaggle.com", requests.exceptions.SSLError("self-signed"))

    assert isinstance(error, FatalError)
    assert "REQUESTS_CA_BUNDLE" in str(error)


def test_an_impossible_address_is_told_with_its_setting() -> None:
    """An address that cannot be called is fatal."""
    error = connection_error("GetDataset", "http://", requests.exceptions.InvalidURL("no host"))

    assert isinstance(error, FatalError)
    assert "BABYNAMES_KAGGLE__BASE_URL" in str(error)
