"""Tests of the Kaggle emulator, by plain HTTP and by the real kaggle package."""

import base64
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets.emulators.kaggle_versions import publish, published
from babynames_assets_tests.emulators.kaggle_service import DATASET, KaggleService, kaggle_service

TABLE = b"YearOfBirth,Name,Sex,Number\n1880,Mary,F,7065\n"
SDK_CLIENT = """
import sys
from kaggle.api.kaggle_api_extended import KaggleApi
from kagglesdk.kaggle_client import KaggleClient
from kagglesdk.kaggle_env import KaggleEnv

url, dataset, target, token = sys.argv[1:]

class Api(KaggleApi):
    def build_kaggle_client(self):
        client = KaggleClient(env=KaggleEnv.PROD, api_token=token)
        client.http_client()._endpoint = url
        return client

api = Api()
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KaggleService]:
    """One emulator for all tests that need no special one: starting and ending one takes longer than a test."""
    with kaggle_service(tmp_path_factory.mktemp("kaggle")) as running:
        yield running


@pytest.fixture
def service(emulator: KaggleService) -> KaggleService:
    """An emulator of a public dataset with one version."""
    emulator.reset()
    emulator.publish(TABLE)
    return emulator


def _call(service: KaggleService, rpc: str, **changes: Any) -> requests.Response:
    body = {"ownerSlug": "someone", "datasetSlug": "names", **changes}
    url = f"{service.url}/v1/datasets.DatasetApiService/{rpc}"
    return requests.post(url, json=body, allow_redirects=False, timeout=5)


def _link(service: KaggleService) -> str:
    return _call(service, "DownloadDataset").headers["Location"]


def _run_kaggle(program: str, service: KaggleService, target: Path, token: str) -> str:
    """Run the real package in a process of its own, in a home folder of its own, because its import has effects."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KAGGLE_")}
    run = subprocess.run(
        [sys.executable, "-c", SDK_CLIENT + program, service.url, DATASET, str(target), token],
        env={**environment, "HOME": str(target), "KAGGLE_USERNAME": "someone", "KAGGLE_KEY": "unused"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_real_kaggle_package_downloads_and_unpacks_from_it(tmp_path: Path) -> None:
    """KaggleApi gets the published bytes, with a token that the API demands and the storage refuses."""
    with kaggle_service(tmp_path, token="sesame") as service:
        service.publish(TABLE)

        _run_kaggle("api.dataset_download_files(dataset, target, unzip=True)", service, tmp_path / "got", "sesame")

        assert (tmp_path / "got" / "names.csv").read_bytes() == TABLE
        assert service.requests()["storage"] == 1


def test_the_real_kaggle_package_resumes_a_cut_download(tmp_path: Path) -> None:
    """Its own Range request is answered with the part that it lacks."""
    with kaggle_service(tmp_path) as service:
        content = os.urandom(3 * 2**20)
        number = service.publish(content)
        service.fail({"on": "storage", "cut": 2 * 2**20 + 5})

        _run_kaggle("api.dataset_download_files(dataset, target)", service, tmp_path / "got", "any")

        assert (tmp_path / "got" / "names.zip").read_bytes() == service.archive(number)
        assert service.requests()["storage"] == 2


def test_the_real_kaggle_package_reads_status_and_files(tmp_path: Path) -> None:
    """Status, current version, all pages of the file list and the token check are understood."""
    with kaggle_service(tmp_path) as service:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for year in range(1880, 1910):
                archive.writestr(f"yob{year}.txt", "Mary,F,7065\n")
        service.publish(packed.getvalue(), "names.zip")

        output = _run_kaggle(
            "import json\n"
            "first = api.dataset_list_files(dataset)\n"
            "rest = api.dataset_list_files(dataset, page_token=first.next_page_token)\n"
            "status = api.dataset_status(dataset, format='json')\n"
            "names = [file.name for page in (first, rest) for file in page.files]\n"
            "print(json.dumps([names, str(status)]))",
            service,
            tmp_path / "got",
            "any",
        )

        names, status = json.loads(output.splitlines()[-1])
        assert names == [f"yob{year}.txt" for year in range(1880, 1910)]
        assert "ready" in status.lower()


def test_the_description_names_every_version(service: KaggleService) -> None:
    """GetDataset gives the newest version's number and date, and a date for each."""
    service.publish(TABLE + b"1881,Mary,F,6919\n")

    answer = _call(service, "GetDataset").json()

    assert answer["currentVersionNumber"] == 2
    assert [version["versionNumber"] for version in answer["versions"]] == [2, 1]
    assert answer["lastUpdated"] == answer["versions"][0]["creationDate"]
    assert answer["lastUpdated"].endswith("Z")
    assert answer["totalBytes"] == len(TABLE) + len(b"1881,Mary,F,6919\n")


def test_publishing_the_same_content_again_publishes_nothing(service: KaggleService) -> None:
    """The newest version's number comes back, and a reverted content is a version of its own."""
    assert service.publish(TABLE) == 1
    assert service.publish(TABLE + b"x") == 2
    assert service.publish(TABLE) == 3
    assert sorted(published(service.folder)) == [1, 2, 3]


def test_a_damaged_archive_is_published_as_it_is(service: KaggleService) -> None:
    """What cannot be read as a zip is served byte by byte, with no files listed."""
    number = service.publish(b"PK\x03\x04 broken", "broken.zip")

    assert service.archive(number) == b"PK\x03\x04 broken"
    assert _call(service, "ListDatasetFiles").json() == {"datasetFiles": [], "nextPageToken": ""}


def test_a_folder_inside_an_archive_is_not_listed(tmp_path: Path) -> None:
    """Only files count."""
    archive = tmp_path / "names.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.mkdir("inside")
        packed.writestr("inside/names.csv", TABLE)

    publish(tmp_path / "published", archive)

    assert published(tmp_path / "published")[1].files == [{"name": "inside/names.csv", "totalBytes": len(TABLE)}]


def test_the_storage_announces_length_digest_and_ranges(service: KaggleService) -> None:
    """A whole answer carries what a careful client checks."""
    response = requests.get(_link(service), timeout=5)

    digest = base64.b64encode(hashlib.md5(response.content, usedforsecurity=False).digest()).decode()
    assert response.content == service.archive(1)
    assert response.headers["Content-Length"] == str(len(response.content))
    assert response.headers["x-goog-hash"] == f"md5={digest}"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Last-Modified"].endswith("GMT")


@pytest.mark.parametrize(("asked", "start", "end"), [("bytes=10-", 10, None), ("bytes=3-7", 3, 8)])
def test_a_range_is_answered_with_that_part(service: KaggleService, asked: str, start: int, end: int | None) -> None:
    """Status 206 with the bytes of the range and their place in the whole."""
    whole = service.archive(1)

    response = requests.get(_link(service), headers={"Range": asked}, timeout=5)

    last = len(whole) - 1 if end is None else end - 1
    assert response.status_code == 206
    assert response.content == whole[start:end]
    assert response.headers["Content-Range"] == f"bytes {start}-{last}/{len(whole)}"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, 400), length=st.integers(1, 400))
def test_any_range_is_the_same_part_of_the_archive(service: KaggleService, first: int, length: int) -> None:
    """A range gives what slicing gives; one that begins beyond the end gives nothing."""
    whole = service.archive(1)

    response = requests.get(_link(service), headers={"Range": f"bytes={first}-{first + length - 1}"}, timeout=5)

    expected = whole[first : first + length]
    assert response.status_code == (206 if expected else 416)
    assert response.content == expected


def test_a_range_of_another_state_is_answered_with_the_whole(service: KaggleService) -> None:
    """If-Range with a foreign ETag gives status 200."""
    headers = {"Range": "bytes=10-", "If-Range": '"another"'}

    response = requests.get(_link(service), headers=headers, timeout=5)

    assert (response.status_code, response.content) == (200, service.archive(1))


def test_a_range_beyond_the_end_is_refused(service: KaggleService) -> None:
    """Status 416 names the length."""
    response = requests.get(_link(service), headers={"Range": "bytes=100000-"}, timeout=5)

    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(service.archive(1))}"


def test_the_link_leads_to_another_host_than_the_api(service: KaggleService) -> None:
    """So a client that follows it must drop its Authorization header, as with the real storage."""
    assert service.url.startswith("http://127.0.0.1:")
    assert _link(service).startswith("http://localhost:")


def test_a_link_takes_no_authorization_and_no_other_signature(service: KaggleService) -> None:
    """The storage refuses both with an XML body."""
    link = _link(service)

    with_token = requests.get(link, headers={"Authorization": "Bearer x"}, timeout=5)
    forged = requests.get(link[:-1] + ("0" if link[-1] != "0" else "1"), timeout=5)

    assert (with_token.status_code, forged.status_code) == (400, 403)
    assert "SignatureDoesNotMatch" in forged.text


def test_a_link_expires(tmp_path: Path) -> None:
    """After its time a link gives ExpiredToken."""
    with kaggle_service(tmp_path, link_seconds=0) as service:
        service.publish(TABLE)

        response = requests.get(_link(service), timeout=5)

        assert response.status_code == 403
        assert "<Code>ExpiredToken</Code>" in response.text


def test_a_wrong_token_is_refused(tmp_path: Path) -> None:
    """With a token set, calls without it give 401, and IntrospectToken tells which one is good."""
    with kaggle_service(tmp_path, token="sesame") as service:
        service.publish(TABLE)
        introspect = f"{service.url}/v1/security.OAuthService/IntrospectToken"

        assert _call(service, "GetDataset").status_code == 401
        assert requests.post(introspect, json={"token": "sesame"}, timeout=5).json()["active"] is True
        assert requests.post(introspect, json={"token": "other"}, timeout=5).json()["active"] is False


@pytest.mark.parametrize(
    ("rpc", "changes"),
    [
        ("GetDataset", {"datasetSlug": "other"}),
        ("GetDataset", {"datasetVersionNumber": 9}),
        ("DownloadDataset", {"fileName": "names.csv"}),
        ("DeleteDataset", {}),
    ],
)
def test_what_does_not_exist_is_not_found(service: KaggleService, rpc: str, changes: dict[str, Any]) -> None:
    """Another dataset, version, single file or call gives Kaggle's 404 body."""
    response = _call(service, rpc, **changes)

    assert response.status_code == 404
    assert response.json()["code"] == 404


def test_a_dataset_without_versions_is_not_found(tmp_path: Path) -> None:
    """Before the first publication there is no dataset."""
    with kaggle_service(tmp_path) as service:
        assert _call(service, "GetDataset").status_code == 404


@pytest.mark.parametrize("body", [b"{", b"[]"])
def test_a_body_that_is_no_object_is_refused(service: KaggleService, body: bytes) -> None:
    """Status 400, not a crash."""
    url = f"{service.url}/v1/datasets.DatasetApiService/GetDataset"

    assert requests.post(url, data=body, timeout=5).status_code == 400


def test_a_fault_is_used_once_and_in_order(service: KaggleService) -> None:
    """Two failures that were asked for come one after the other, then the real answer."""
    service.fail({"on": "GetDataset", "status": 503, "body": "html"}, {"on": "api", "status": 429, "retry_after": "7"})

    statuses = [_call(service, "GetDataset") for _ in range(3)]

    assert [response.status_code for response in statuses] == [503, 429, 200]
    assert statuses[0].headers["Content-Type"].startswith("text/html")
    assert statuses[1].headers["Retry-After"] == "7"


def test_a_fault_for_another_call_waits(service: KaggleService) -> None:
    """A failure of DownloadDataset does not touch GetDataset, and can be forgotten."""
    service.fail({"on": "DownloadDataset", "status": 500})

    assert _call(service, "GetDataset").status_code == 200
    service.forgive()
    assert _call(service, "DownloadDataset").status_code == 302


def test_error_bodies_have_both_of_kaggles_shapes(service: KaggleService) -> None:
    """Flat and nested bodies, and a failure's code inside an answer with status 200."""
    service.fail(
        {"on": "api", "status": 403},
        {"on": "api", "status": 429, "body": "nested"},
        {"on": "api", "status": 200, "code": 403},
    )

    flat, nested, hidden = (_call(service, "GetDataset") for _ in range(3))

    assert flat.json() == {"code": 403, "message": "Forbidden"}
    assert nested.json()["error"]["status"] == "TOO_MANY_REQUESTS"
    assert (hidden.status_code, hidden.json()["code"]) == (200, 403)


def test_a_spoiled_answer_of_the_storage_looks_like_a_good_one(service: KaggleService) -> None:
    """A flipped bit, a wrong digest and missing headers come with status 200, once each."""
    whole = service.archive(1)
    service.fail(
        {"on": "storage", "flip": 20},
        {"on": "storage", "wrong_md5": True},
        {"on": "storage", "no_length": True, "no_etag": True, "no_md5": True},
    )

    flipped, wrong, bare, good = (requests.get(_link(service), timeout=5) for _ in range(4))

    assert [answer.status_code for answer in (flipped, wrong, bare, good)] == [200] * 4
    assert [position for position, byte in enumerate(flipped.content) if byte != whole[position]] == [20]
    assert wrong.content == bare.content == good.content == whole
    assert wrong.headers["x-goog-hash"] != good.headers["x-goog-hash"]
    assert not {"Content-Length", "ETag", "x-goog-hash"}.intersection(bare.headers)


def test_a_cut_answer_ends_the_connection(service: KaggleService) -> None:
    """The client sees a broken transfer, not a short file."""
    service.fail({"on": "storage", "cut": 20})

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="20 bytes read"):
        requests.get(_link(service), timeout=5)


def test_half_a_publication_is_not_served(service: KaggleService) -> None:
    """What a publisher that died has left behind is no version, and does not hinder the next one."""
    draft = service.folder / ".draft-x"
    draft.mkdir()
    (draft / "archive.zip").write_bytes(b"half")

    assert sorted(published(service.folder)) == [1]
    assert service.publish(TABLE * 2) == 2


def test_an_unknown_fault_is_refused(service: KaggleService) -> None:
    """A misspelt fault does not pass for one that was injected."""
    response = requests.post(f"{service.url}/_faults", json=[{"on": "api", "statsu": 500}], timeout=5)

    assert response.status_code == 400
    assert "statsu" in response.text


def test_a_stalled_call_answers_late(service: KaggleService) -> None:
    """A pause without a status only delays the real answer."""
    service.fail({"on": "api", "stall": 0.01})

    assert _call(service, "GetDataset").status_code == 200
