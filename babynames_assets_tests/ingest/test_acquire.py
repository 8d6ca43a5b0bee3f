"""Tests of how the newest raw table comes in."""

import io
import json
import os
import random
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from babynames_assets.emulators.kaggle_versions import DESCRIPTION
from babynames_assets.errors import FatalError, RetryableError, SourceError
from babynames_assets.ingest.acquire import Acquired, acquire
from babynames_assets.ingest.landing import SETTLING_SECONDS
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.setting_groups import KaggleSettings
from babynames_assets_tests.emulators.kaggle_service import DATASET, KaggleService, kaggle_service

TABLE = b"YearOfBirth,Name,Sex,Number\n1880,Mary,F,7065\n"
OTHER = TABLE + b"1880,Anna,F,2604\n"
LONG_AGO = 1_700_000_000


@dataclass(frozen=True)
class _Place:
    """An emulator, a store and a landing folder."""

    kaggle: KaggleService
    raw_files: RawFiles
    landing: Path

    def acquire(self, **settings: object) -> Acquired:
        chosen = KaggleSettings.model_validate({"dataset": DATASET, **settings})
        with self.kaggle.client() as client:
            return acquire(self.raw_files, client, settings=chosen, landing_folder=self.landing)

    def land(self, name: str, content: bytes, *, changed: float = LONG_AGO) -> Path:
        self.landing.mkdir(exist_ok=True)
        path = self.landing / name
        path.write_bytes(content)
        os.utime(path, (changed, changed))
        return path


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KaggleService]:
    """One emulator for all tests: starting and ending one takes longer than a test."""
    with kaggle_service(tmp_path_factory.mktemp("kaggle")) as running:
        yield running


@pytest.fixture
def place(emulator: KaggleService, tmp_path: Path) -> _Place:
    """Nothing acquired yet; Kaggle has one version."""
    emulator.reset()
    emulator.publish(TABLE)
    return _Place(emulator, RawFiles(tmp_path / "raw"), tmp_path / "landing")


def _zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.csv", content)
    return buffer.getvalue()


def test_the_newest_version_becomes_current(place: _Place) -> None:
    """Its table is kept with where it came from, and nothing else stays."""
    acquired = place.acquire()

    raw = acquired.raw
    assert acquired.is_new
    assert raw.path.read_bytes() == TABLE
    assert (raw.origin, raw.dataset, raw.version, raw.member) == ("kaggle", DATASET, "1", "names.csv")
    assert raw.archive_bytes == len(place.kaggle.archive(1))
    assert datetime.now(UTC) - raw.updated_at < timedelta(minutes=1)
    assert place.raw_files.current() == raw
    assert list(place.raw_files.incoming.iterdir()) == []


def test_a_kept_version_is_not_downloaded_again(place: _Place) -> None:
    """The second acquisition asks for the version's number alone."""
    first = place.acquire()

    second = place.acquire()

    assert second == Acquired(first.raw, is_new=False)
    assert place.kaggle.requests() == {"GetDataset": 2, "DownloadDataset": 1, "storage": 1}


def test_a_newer_version_is_new(place: _Place) -> None:
    """What was published meanwhile replaces what was current."""
    place.acquire()
    place.kaggle.publish(OTHER)

    acquired = place.acquire()

    assert acquired.is_new
    assert acquired.raw.version == "2"
    assert acquired.raw.path.read_bytes() == OTHER


def test_a_newer_version_of_the_same_content_is_not_new(place: _Place) -> None:
    """Another archive of the same table changes the version and nothing else, and is downloaded once."""
    first = place.acquire()
    place.kaggle.publish(_zipped(names=TABLE), "names.zip")

    second = place.acquire()
    place.acquire()

    assert not second.is_new
    assert (second.raw.version, second.raw.path) == ("2", first.raw.path)
    assert place.kaggle.requests()["storage"] == 2


def test_a_version_that_was_published_anew_is_downloaded_again(place: _Place) -> None:
    """The same number with another date is another state."""
    place.acquire()
    description = place.kaggle.folder / "1" / DESCRIPTION
    published_at = place.raw_files.find("kaggle", DATASET, "1")[0].updated_at
    old = published_at.isoformat(timespec="milliseconds").removesuffix("+00:00")
    description.write_text(description.read_text().replace(old, "2030-01-01T00:00:00.000"))

    acquired = place.acquire()

    assert place.kaggle.requests()["storage"] == 2
    assert acquired.raw.updated_at.year == 2030


def test_a_pinned_version_is_taken(place: _Place) -> None:
    """The newest one is not, and going back needs no download."""
    place.acquire()
    place.kaggle.publish(OTHER)
    place.acquire()

    acquired = place.acquire(version=1)

    assert acquired.is_new
    assert acquired.raw.path.read_bytes() == TABLE
    assert place.kaggle.requests()["storage"] == 2


def test_another_member_of_a_kept_version_is_fetched(place: _Place) -> None:
    """A version that was kept for one of its tables does not stand for another."""
    place.kaggle.publish(_zipped(national=TABLE, state=OTHER), "both.zip")
    place.acquire(member="national.csv")

    acquired = place.acquire(member="state.csv")

    assert acquired.is_new
    assert acquired.raw.path.read_bytes() == OTHER
    assert place.acquire(member="national.csv").raw.path.read_bytes() == TABLE
    assert place.kaggle.requests()["storage"] == 2


def test_of_several_kept_members_none_is_guessed(place: _Place) -> None:
    """Without the setting two kept tables of one version are as ambiguous as the archive that they came from."""
    place.kaggle.publish(_zipped(national=TABLE, state=OTHER), "both.zip")
    place.acquire(member="national.csv")
    place.acquire(member="state.csv")

    with pytest.raises(SourceError, match=r"2 tables: .*BABYNAMES_KAGGLE__MEMBER"):
        place.acquire()


def test_a_landed_file_wins_and_kaggle_is_not_asked(place: _Place) -> None:
    """It works on the day that Kaggle does not, and the file stays as it was."""
    path = place.land("dropped.csv", OTHER)

    acquired = place.acquire()

    raw = acquired.raw
    assert acquired.is_new
    assert (raw.origin, raw.dataset, raw.version) == ("landing", "dropped.csv", f"landed-{raw.archive_sha256[:12]}")
    assert raw.path.read_bytes() == OTHER
    assert raw.updated_at.timestamp() == LONG_AGO
    assert (path.read_bytes(), path.stat().st_mtime) == (OTHER, LONG_AGO)
    assert place.kaggle.requests() == {}


@pytest.mark.parametrize("name", ["dropped.zip", "dropped.csv"])
def test_a_landed_file_is_not_new_twice(place: _Place, name: str) -> None:
    """While it lies there unchanged, it stays the same table, whatever its time says."""
    content = _zipped(names=OTHER) if name.endswith(".zip") else OTHER
    place.land(name, content)
    first = place.acquire()
    place.land(name, content, changed=LONG_AGO + 60)

    second = place.acquire()

    assert second == Acquired(first.raw, is_new=False)


def test_removing_the_landed_file_returns_to_kaggle(place: _Place) -> None:
    """Kaggle's version becomes current again without a download."""
    place.acquire()
    path = place.land("dropped.csv", OTHER)
    place.acquire()
    path.unlink()

    acquired = place.acquire()

    assert acquired.is_new
    assert acquired.raw.origin == "kaggle"
    assert place.kaggle.requests()["storage"] == 1


def test_a_landed_file_of_the_current_content_is_not_new(place: _Place) -> None:
    """The same table by another way changes nothing downstream."""
    place.acquire()
    place.land("dropped.csv", TABLE)

    acquired = place.acquire()

    assert not acquired.is_new
    assert acquired.raw.origin == "landing"


def test_a_damaged_landed_file_is_refused(place: _Place) -> None:
    """What was current stays current."""
    before = place.acquire()
    place.land("dropped.zip", _zipped(names=OTHER)[:-30])

    with pytest.raises(SourceError, match=r"dropped\.zip is damaged"):
        place.acquire()

    assert place.raw_files.current() == before.raw


def test_a_damaged_archive_from_kaggle_is_not_kept(place: _Place) -> None:
    """The refusal leaves nothing that the next run could trust, and that run asks Kaggle again."""
    before = place.acquire()
    place.kaggle.publish(_zipped(names=OTHER)[:-30], "names.zip")

    for _ in range(2):
        with pytest.raises(SourceError, match="damaged or cut short"):
            place.acquire()

    assert place.raw_files.current() == before.raw
    assert list(place.raw_files.incoming.iterdir()) == []
    assert place.kaggle.requests()["storage"] == 3


def test_an_interrupted_download_goes_on_at_the_next_acquisition(
    place: _Place, capsys: pytest.CaptureFixture[str]
) -> None:
    """What had arrived of the version is not fetched twice, and what is left of other versions goes."""
    table = TABLE + random.Random(1).randbytes(2**18).hex().encode()  # noqa: S311 - no secret
    whole = place.kaggle.archive(place.kaggle.publish(table))
    incoming = place.raw_files.incoming
    incoming.mkdir(parents=True)
    (incoming / "someone.names.1.zip.partial").write_bytes(b"stale")
    (incoming / "someone.names.2.zip.partial").write_bytes(whole[:100_000])
    with place.kaggle.client() as client, client.open_download(client.latest(DATASET)) as response:
        note = {"etag": response.headers["ETag"], "total": len(whole)}
    (incoming / "someone.names.2.zip.partial.json").write_text(json.dumps(note))

    acquired = place.acquire()

    assert acquired.raw.path.read_bytes() == table
    assert "offset=100000" in capsys.readouterr().out
    assert list(incoming.iterdir()) == []


def test_a_landed_archive_that_is_still_being_copied_is_retryable(place: _Place) -> None:
    """A cut archive of just now is not refused for good; when the copy has ended it is taken."""
    content = _zipped(names=OTHER)
    place.land("dropped.zip", content[:-30], changed=time.time() - SETTLING_SECONDS - 1)
    with pytest.raises(RetryableError, match="If it is still being copied"):
        place.acquire()

    place.land("dropped.zip", content)

    assert place.acquire().raw.path.read_bytes() == OTHER


def test_too_large_an_archive_is_refused(place: _Place) -> None:
    """The settings' limits hold."""
    with pytest.raises(FatalError, match="BABYNAMES_KAGGLE__MAX_ARCHIVE_BYTES"):
        place.acquire(max_archive_bytes=10)
    with pytest.raises(FatalError, match="BABYNAMES_KAGGLE__MAX_UNPACKED_BYTES"):
        place.acquire(max_unpacked_bytes=10)


def test_a_lost_table_is_fetched_again(place: _Place) -> None:
    """Somebody who removes the kept file gets it back, as new."""
    first = place.acquire()
    first.raw.path.unlink()

    second = place.acquire()

    assert second.is_new
    assert second.raw.path.read_bytes() == TABLE


def test_two_acquisitions_at_once_do_not_mix(place: _Place) -> None:
    """While one holds the store, another one is told to come again."""
    with place.raw_files.locked(), pytest.raises(RetryableError, match="Another process"):
        place.acquire()
