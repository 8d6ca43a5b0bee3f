"""Tests of the download: whatever happens on the way, the file is whole or absent."""

import hashlib
import io
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.emulators.kaggle_faults import Fault
from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.ingest.download import Downloaded, DownloadLimits, OpenAt, download
from babynames_assets.ingest.transfer import transfer_of
from babynames_assets_tests.emulators.kaggle_service import DATASET, KaggleService, kaggle_service

LIMITS = DownloadLimits(max_bytes=10**9, barren_tries=3, spare_bytes=0)
# Incompressible, so that the archive is as long as this and spans several reads.
CONTENT = b"Name\n" + random.Random(1).randbytes(300_000)  # noqa: S311 - no secret

DOWNLOADER = """
import sys
from functools import partial
from pathlib import Path
from babynames_assets.ingest.download import DownloadLimits, download
from babynames_assets.ingest.kaggle import KaggleDatasets

url, dataset, target = sys.argv[1:]
client = KaggleDatasets(base_url=url, token=None, connect_timeout=5, read_timeout=60)
download(
    partial(client.open_download, client.latest(dataset)),
    Path(target),
    limits=DownloadLimits(max_bytes=10**9, spare_bytes=0),
)
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KaggleService]:
    """One emulator for all tests of this file: starting one takes longer than a test."""
    with kaggle_service(tmp_path_factory.mktemp("kaggle")) as running:
        running.publish(CONTENT)
        yield running


@pytest.fixture(autouse=True)
def _no_failures_left(service: KaggleService) -> Iterator[None]:
    yield
    service.forgive()


@contextmanager
def _opener(service: KaggleService, *, read_timeout: float = 5) -> Iterator[OpenAt]:
    with service.client(read_timeout=read_timeout) as client:
        yield partial(client.open_download, client.latest(DATASET))


def _download(
    service: KaggleService,
    folder: Path,
    *faults: Fault,
    limits: DownloadLimits = LIMITS,
    sleep: Callable[[float], None] = lambda _: None,
) -> Downloaded:
    with _opener(service) as open_at:
        service.fail(*faults)
        return download(open_at, folder / "names.zip", limits=limits, sleep=sleep)


def test_a_file_arrives_whole_under_its_name(service: KaggleService, tmp_path: Path) -> None:
    """Bytes, length and digest are those of the archive, and nothing else is left in the folder."""
    downloaded = _download(service, tmp_path)

    expected = service.archive(1)
    assert downloaded == Downloaded(
        tmp_path / "names.zip", len(expected), hashlib.sha256(expected).hexdigest(), resumes=0
    )
    assert downloaded.path.read_bytes() == expected
    assert list(tmp_path.iterdir()) == [downloaded.path]


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, len(CONTENT)), max_size=6))
def test_any_cuts_give_the_same_bytes(service: KaggleService, cuts: list[int]) -> None:
    """Wherever and however often the connection is cut, the file equals the archive."""
    limits = DownloadLimits(max_bytes=10**9, barren_tries=10, spare_bytes=0)
    faults: list[Fault] = [{"on": "storage", "cut": cut} for cut in cuts]
    service.forgive()

    with TemporaryDirectory() as folder:
        downloaded = _download(service, Path(folder), *faults, limits=limits)

        assert downloaded.path.read_bytes() == service.archive(1)
        assert downloaded.resumes <= len(cuts)


def test_a_resume_asks_only_for_what_is_missing(service: KaggleService, tmp_path: Path) -> None:
    """After a cut the second answer starts where the first one stopped."""
    downloaded = _download(service, tmp_path, {"on": "storage", "cut": 123_456})

    assert downloaded.resumes == 1
    assert downloaded.path.read_bytes() == service.archive(1)


def test_a_link_that_expired_meanwhile_does_not_spoil_the_file(service: KaggleService, tmp_path: Path) -> None:
    """A 403 on resume costs one try; its XML body is not appended."""
    downloaded = _download(
        service,
        tmp_path,
        {"on": "storage", "cut": 100_000},
        {"on": "storage", "status": 403, "body": "expired"},
    )

    assert downloaded.resumes == 1
    assert downloaded.path.read_bytes() == service.archive(1)


def test_a_file_that_changed_meanwhile_is_fetched_afresh(service: KaggleService, tmp_path: Path) -> None:
    """A new ETag on resume gives the whole file, and the old part is thrown away."""
    downloaded = _download(
        service, tmp_path, {"on": "storage", "cut": 100_000}, {"on": "storage", "new_etag": True, "cut": 50_000}
    )

    assert downloaded.path.read_bytes() == service.archive(1)


@pytest.mark.parametrize(
    "fault",
    [
        {"on": "storage", "status": 503, "body": "html"},
        {"on": "DownloadDataset", "status": 500, "body": "json"},
        {"on": "storage", "status": 200, "body": "html"},
        {"on": "storage", "status": 200, "body": "json"},
        {"on": "storage", "wrong_md5": True},
        {"on": "storage", "flip": 5000},
        {"on": "storage", "no_length": True, "cut": 100_000},
        {"on": "storage", "no_etag": True, "cut": 100_000},
        {"on": "storage", "status": 416},
    ],
)
def test_one_failure_is_survived(service: KaggleService, tmp_path: Path, fault: Fault) -> None:
    """The next try brings the right bytes."""
    downloaded = _download(service, tmp_path, fault)

    assert downloaded.path.read_bytes() == service.archive(1)
    assert list(tmp_path.iterdir()) == [downloaded.path]


def test_a_chunked_archive_is_accepted(service: KaggleService, tmp_path: Path) -> None:
    """Without a length the digest, and the archive's own checks, prove it."""
    downloaded = _download(service, tmp_path, {"on": "storage", "no_length": True, "no_md5": True})

    assert downloaded.path.read_bytes() == service.archive(1)


def test_the_wait_that_the_server_asks_for_is_kept(service: KaggleService, tmp_path: Path) -> None:
    """Retry-After of a 429 is slept, other failures wait by doubling with jitter."""
    waits: list[float] = []

    _download(
        service,
        tmp_path,
        {"on": "storage", "status": 429, "retry_after": "7"},
        {"on": "storage", "status": 503},
        sleep=waits.append,
    )

    assert waits[0] == 7
    assert 0 <= waits[1] <= 4


def test_a_digest_that_is_always_wrong_ends_the_download(service: KaggleService, tmp_path: Path) -> None:
    """Bytes that fetch again and fail again are no progress, and nothing of them stays."""
    wrong: Fault = {"on": "storage", "wrong_md5": True}

    with pytest.raises(RetryableError, match="do not have the MD5 digest"):
        _download(service, tmp_path, *[wrong] * 6)

    assert list(tmp_path.iterdir()) == []


def test_a_page_that_always_comes_instead_is_quoted(service: KaggleService, tmp_path: Path) -> None:
    """The error says that the answer is an HTML page and how it begins."""
    page: Fault = {"on": "storage", "status": 200, "body": "html"}

    with pytest.raises(RetryableError, match=r"HTML or XML page.*DOCTYPE"):
        _download(service, tmp_path, *[page] * 5)


def test_the_next_run_goes_on_with_what_has_arrived(service: KaggleService, tmp_path: Path) -> None:
    """A download that gives up leaves a part that another run resumes."""
    faults: list[Fault] = [{"on": "storage", "cut": 100_000}, *[Fault(on="storage", status=503)] * 3]
    with pytest.raises(RetryableError, match=r"\(100000 bytes did, 3 tries in a row.*next run goes on"):
        _download(service, tmp_path, *faults)

    downloaded = _download(service, tmp_path)

    assert downloaded.resumes == 1
    assert downloaded.path.read_bytes() == service.archive(1)


@pytest.mark.parametrize("note", [None, b"", b"[]", b'{"etag": 7}', b'{"etag": "\\"other\\"", "total": 5}'])
def test_a_part_of_unknown_origin_is_not_trusted(service: KaggleService, tmp_path: Path, note: bytes | None) -> None:
    """Bytes without a fitting note are thrown away."""
    (tmp_path / "names.zip.partial").write_bytes(b"x" * 1000)
    if note is not None:
        (tmp_path / "names.zip.partial.json").write_bytes(note)

    downloaded = _download(service, tmp_path)

    assert downloaded.resumes == 0
    assert downloaded.path.read_bytes() == service.archive(1)


def test_a_damaged_part_is_found_out(service: KaggleService, tmp_path: Path) -> None:
    """A part whose bytes changed on the disk gives a wrong digest, and the file is fetched afresh."""
    with pytest.raises(RetryableError):
        _download(service, tmp_path, Fault(on="storage", cut=100_000), *[Fault(on="storage", status=503)] * 3)
    part = tmp_path / "names.zip.partial"
    part.write_bytes(b"\0" * part.stat().st_size)

    downloaded = _download(service, tmp_path)

    assert downloaded.path.read_bytes() == service.archive(1)


def test_a_part_that_is_already_whole_is_fetched_afresh(service: KaggleService, tmp_path: Path) -> None:
    """A crash between the last byte and the rename costs another download, not the data."""
    with pytest.raises(RetryableError):
        _download(service, tmp_path, Fault(on="storage", cut=100_000), *[Fault(on="storage", status=503)] * 3)
    (tmp_path / "names.zip.partial").write_bytes(service.archive(1))

    downloaded = _download(service, tmp_path)

    assert downloaded.path.read_bytes() == service.archive(1)


def test_too_large_a_file_is_refused_before_it_is_fetched(service: KaggleService, tmp_path: Path) -> None:
    """The announced length is enough to refuse, and the setting is named."""
    limits = DownloadLimits(max_bytes=1000)

    with pytest.raises(FatalError, match=r"1000 are allowed.*BABYNAMES_KAGGLE__MAX_ARCHIVE_BYTES"):
        _download(service, tmp_path, limits=limits)

    assert list(tmp_path.iterdir()) == []


def test_too_large_a_file_without_a_length_is_refused_on_the_way(service: KaggleService, tmp_path: Path) -> None:
    """The bytes are counted as they come, and nothing of them stays."""
    limits = DownloadLimits(max_bytes=100_000, spare_bytes=0)

    with pytest.raises(FatalError, match="100000 are allowed"):
        _download(service, tmp_path, {"on": "storage", "no_length": True}, limits=limits)

    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_refused(service: KaggleService, tmp_path: Path) -> None:
    """What is needed and what is free stand in the message."""
    limits = DownloadLimits(max_bytes=10**9, spare_bytes=2**62)

    with pytest.raises(FatalError, match=r"bytes of disk space.*are free\. Make room"):
        _download(service, tmp_path, limits=limits)


def test_a_stall_becomes_a_resume(service: KaggleService, tmp_path: Path) -> None:
    """A connection that says nothing is given up after the read timeout, and the rest is asked for anew."""
    with _opener(service, read_timeout=0.3) as open_at:
        service.fail({"on": "storage", "cut": 150_000, "stall": 2.0})
        downloaded = download(open_at, tmp_path / "names.zip", limits=LIMITS, sleep=lambda _: None)

    assert downloaded.resumes == 1
    assert downloaded.path.read_bytes() == service.archive(1)


def test_progress_renews_the_patience(service: KaggleService, tmp_path: Path) -> None:
    """A poor connection that brings some bytes each time gets as many tries as it needs."""
    cuts: list[Fault] = [{"on": "storage", "cut": 20_000}] * 12

    downloaded = _download(service, tmp_path, *cuts)

    assert downloaded.resumes == 12
    assert downloaded.path.read_bytes() == service.archive(1)


def test_no_wait_goes_beyond_the_deadline(service: KaggleService, tmp_path: Path) -> None:
    """A pause that would end after the deadline is not begun."""
    waits: list[float] = []
    limits = DownloadLimits(max_bytes=10**9, seconds=30, spare_bytes=0)

    with pytest.raises(RetryableError, match="429") as caught:
        _download(
            service,
            tmp_path,
            {"on": "storage", "status": 429, "retry_after": "60"},
            limits=limits,
            sleep=waits.append,
        )

    assert waits == []
    assert caught.value.retry_after == 60


def test_a_lasting_refusal_ends_the_download_at_once(service: KaggleService, tmp_path: Path) -> None:
    """A dataset whose rules nobody accepted is asked for once."""
    service.forgive()

    with pytest.raises(FatalError, match="accept its rules"):
        _download(service, tmp_path, {"on": "DownloadDataset", "status": 403})

    assert service.requests()["DownloadDataset"] == 1


def test_the_deadline_ends_a_download_that_only_drips(service: KaggleService, tmp_path: Path) -> None:
    """A server that sends too slowly does not hold the run for ever."""
    ticks = count()
    limits = DownloadLimits(max_bytes=10**9, seconds=1.5, spare_bytes=0)

    with _opener(service) as open_at, pytest.raises(RetryableError, match=r"1\.5 seconds were not enough"):
        download(open_at, tmp_path / "names.zip", limits=limits, clock=lambda: float(next(ticks)))


@contextmanager
def _raw_server(*answers: bytes) -> Iterator[str]:
    """A server that sends each answer to one connection and closes it, as no good HTTP server would."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread.join()


def _answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *headers, "", ""]).encode() + body


def _download_raw(folder: Path, *answers: bytes) -> Downloaded:
    with _raw_server(*answers) as url:

        def open_at(*, offset: int, etag: str | None) -> requests.Response:
            return requests.get(url, stream=True, timeout=5)

        limits = DownloadLimits(max_bytes=1000, barren_tries=len(answers), spare_bytes=0)
        return download(open_at, folder / "names.csv", limits=limits, sleep=lambda _: None)


def test_a_text_that_nothing_proves_whole_is_refused(tmp_path: Path) -> None:
    """A closed connection ends a text of unknown length anywhere, so it is not taken."""
    with pytest.raises(RetryableError, match="neither a length nor a digest"):
        _download_raw(tmp_path, _answer(b"Name,Sex\n"))


def test_a_text_with_a_length_is_accepted(tmp_path: Path) -> None:
    """A file that is no archive is proved by its length."""
    downloaded = _download_raw(tmp_path, _answer(b"Name,Sex\n", "Content-Length: 9"))

    assert downloaded.path.read_bytes() == b"Name,Sex\n"


def test_a_compressed_transfer_is_refused(tmp_path: Path) -> None:
    """A proxy that compresses makes length and digest meaningless."""
    with pytest.raises(RetryableError, match="compressed the file on its way"):
        _download_raw(tmp_path, _answer(b"", "Content-Encoding: gzip", "Content-Length: 0"))


@pytest.mark.parametrize(
    ("content_range", "problem"),
    [
        ("", "without saying which one"),
        ("bytes 0-3/*", "without saying which one"),
        ("bytes 5-7/9", "does not reach the file's end"),
        ("bytes 4-8/9", "does not continue"),
    ],
)
def test_a_part_that_does_not_fit_is_never_appended(tmp_path: Path, content_range: str, problem: str) -> None:
    """Status 206 counts only with the Content-Range that was asked for."""
    answer = _answer(b"xxxxx", f"Content-Range: {content_range}", "Content-Length: 5", status="206 Partial Content")

    with pytest.raises(RetryableError, match=problem):
        _download_raw(tmp_path, answer)

    assert list(tmp_path.iterdir()) == []


def test_a_part_of_a_file_of_another_length_is_not_appended(tmp_path: Path) -> None:
    """A part with the right offset and the wrong total is thrown away together with what was held."""
    cut = _answer(b"Name", "Content-Length: 9", 'ETag: "a"')
    other = _answer(b",Sex\n!", "Content-Range: bytes 4-9/10", "Content-Length: 6", status="206 Partial Content")
    whole = _answer(b"Name,Sex\n", "Content-Length: 9", 'ETag: "a"')

    downloaded = _download_raw(tmp_path, cut, other, whole)

    assert downloaded.path.read_bytes() == b"Name,Sex\n"


def _response(body: bytes, **headers: str) -> requests.Response:
    """An answer whose connection checks nothing by itself, as an older HTTP library's would."""
    response = _headers(**headers)
    response.raw = io.BytesIO(body)
    return response


@pytest.mark.parametrize(
    ("body", "problem"),
    [(b"Name,", "ended after 5 of 9 bytes"), (b"Name,Sex\nMary", "13 bytes arrived where 9 were announced")],
)
def test_the_length_is_counted_here_too(tmp_path: Path, body: bytes, problem: str) -> None:
    """Too few or too many bytes are found even if the connection reports a regular end."""
    limits = DownloadLimits(max_bytes=1000, barren_tries=1, spare_bytes=0)

    def open_at(*, offset: int, etag: str | None) -> requests.Response:
        return _response(body, Content_Length="9")

    with pytest.raises(RetryableError, match=problem):
        download(open_at, tmp_path / "names.csv", limits=limits, sleep=lambda _: None)

    assert not (tmp_path / "names.csv").exists()


def test_a_killed_download_is_resumed_by_the_next_run(service: KaggleService, tmp_path: Path) -> None:
    """A process that dies in the middle leaves a part that the next one continues, and the bytes are right."""
    service.fail({"on": "storage", "cut": 200_000, "stall": 30})
    part = tmp_path / "names.zip.partial"
    with subprocess.Popen(
        [sys.executable, "-c", DOWNLOADER, service.url, DATASET, str(tmp_path / "names.zip")]
    ) as process:
        deadline = time.monotonic() + 30
        while not (part.exists() and part.stat().st_size == 200_000) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
    assert part.stat().st_size == 200_000

    downloaded = _download(service, tmp_path)

    assert downloaded.resumes == 1
    assert downloaded.path.read_bytes() == service.archive(1)
    assert list(tmp_path.iterdir()) == [downloaded.path]


def _headers(**headers: str) -> requests.Response:
    response = requests.Response()
    response.status_code = 200
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return response


def test_a_weak_etag_cannot_be_resumed() -> None:
    """Weak ETags do not promise equal bytes."""
    assert transfer_of(_headers(ETag='W/"a"')).etag is None
    assert transfer_of(_headers(ETag='"a"')).etag == '"a"'


@pytest.mark.parametrize(
    ("header", "md5"),
    [
        ("crc32c=AAAAAA==,md5=1B2M2Y8AsgTpgAmY7PhCfg==", "d41d8cd98f00b204e9800998ecf8427e"),
        ("crc32c=AAAAAA==", None),
        ("md5=!", None),
        ("", None),
    ],
)
def test_the_announced_digest_is_found_among_others(header: str, md5: str | None) -> None:
    """The MD5 digest is read from x-goog-hash, and one that cannot be read does not count."""
    assert transfer_of(_headers(x_goog_hash=header)).md5 == md5
