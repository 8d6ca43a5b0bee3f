"""Tests of the kept raw tables."""

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from babynames_assets.errors import RetryableError, SourceError
from babynames_assets.ingest.archive import Unpacked
from babynames_assets.ingest.raw_files import RawFiles, Source

MOMENT = datetime(2026, 11, 18, 10, 0, 0, 123000, tzinfo=UTC)
SOURCE = Source("someone/names", "7", "kaggle", "0" * 64, 100, MOMENT, MOMENT)
HOLDER = """
import sys
from pathlib import Path
from babynames_assets.ingest.raw_files import RawFiles

with RawFiles(Path(sys.argv[1])).locked():
    print("locked", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def raw_files(tmp_path: Path) -> RawFiles:
    """An empty store."""
    return RawFiles(tmp_path / "raw")


def _unpacked(raw_files: RawFiles, content: bytes, name: str = "names.txt") -> Unpacked:
    raw_files.incoming.mkdir(parents=True, exist_ok=True)
    path = raw_files.incoming / name
    path.write_bytes(content)
    return Unpacked(path, f"folder/{name}", len(content), hashlib.sha256(content).hexdigest())


def test_before_the_first_table_nothing_is_current(raw_files: RawFiles) -> None:
    """An empty store has no current table and finds none."""
    assert raw_files.current() is None
    assert raw_files.find("kaggle", "someone/names", "7") == []


def test_a_kept_table_lies_read_only_under_its_digest(raw_files: RawFiles) -> None:
    """Folder, name, mode and content; the incoming folder is empty again."""
    raw = raw_files.keep(_unpacked(raw_files, b"Name,Sex\n"), SOURCE)

    assert raw.path == raw_files.folder / hashlib.sha256(b"Name,Sex\n").hexdigest() / "names.csv"
    assert raw.path.read_bytes() == b"Name,Sex\n"
    assert raw.path.stat().st_mode & 0o222 == 0
    assert list(raw_files.incoming.iterdir()) == []


def test_the_current_table_is_read_back_with_all_that_is_known(raw_files: RawFiles) -> None:
    """Another process sees the same record."""
    raw = raw_files.keep(_unpacked(raw_files, b"Name,Sex\n"), SOURCE)

    assert RawFiles(raw_files.folder).current() == raw
    assert (raw.member, raw.bytes, raw.version, raw.updated_at) == ("folder/names.txt", 9, "7", MOMENT)


def test_the_store_may_be_moved(raw_files: RawFiles, tmp_path: Path) -> None:
    """Paths are recorded relative to the folder."""
    raw = raw_files.keep(_unpacked(raw_files, b"Name,Sex\n"), SOURCE)
    moved = raw_files.folder.rename(tmp_path / "elsewhere")

    current = RawFiles(moved).current()

    assert current == replace(raw, path=moved / raw.sha256 / "names.csv")


def test_a_version_is_found_although_another_is_current(raw_files: RawFiles) -> None:
    """Every version that was ever kept can become current again."""
    seventh = raw_files.keep(_unpacked(raw_files, b"seven"), SOURCE)
    eighth = raw_files.keep(_unpacked(raw_files, b"eight"), replace(SOURCE, version="8"))

    assert raw_files.current() == eighth
    assert raw_files.find("kaggle", "someone/names", "7") == [seventh]
    raw_files.make_current(seventh)
    assert raw_files.current() == seventh


def test_a_version_of_another_origin_or_dataset_is_not_found(raw_files: RawFiles) -> None:
    """Number 7 of one dataset is not number 7 of another."""
    raw_files.keep(_unpacked(raw_files, b"seven"), SOURCE)

    assert raw_files.find("kaggle", "other/names", "7") == []
    assert raw_files.find("landing", "someone/names", "7") == []


def test_equal_content_is_kept_once(raw_files: RawFiles) -> None:
    """Two versions of the same bytes share one file and are both remembered."""
    first = raw_files.keep(_unpacked(raw_files, b"same"), SOURCE)
    second = raw_files.keep(_unpacked(raw_files, b"same", "other.csv"), replace(SOURCE, version="8"))

    assert second.path == first.path
    assert sorted(path.name for path in first.path.parent.iterdir()) == ["manifest.json", "names.csv"]
    assert raw_files.find("kaggle", "someone/names", "7") == [first]
    assert raw_files.find("kaggle", "someone/names", "8") == [second]


def test_verify_accepts_what_was_kept(raw_files: RawFiles) -> None:
    """Unchanged bytes pass."""
    raw_files.verify(raw_files.keep(_unpacked(raw_files, b"Name"), SOURCE))


def test_verify_finds_changed_bytes(raw_files: RawFiles) -> None:
    """A changed file of the same length is found out by its digest, and the message says what to do."""
    raw = raw_files.keep(_unpacked(raw_files, b"Name"), SOURCE)
    raw.path.chmod(0o644)
    raw.path.write_bytes(b"Nome")

    with pytest.raises(SourceError, match=r"is not what was kept.*Remove the folder .* materialize"):
        raw_files.verify(raw)


def test_verify_finds_a_removed_file(raw_files: RawFiles) -> None:
    """A file that is gone does not pass."""
    raw = raw_files.keep(_unpacked(raw_files, b"Name"), SOURCE)
    raw.path.unlink()

    with pytest.raises(SourceError, match="found no file"):
        raw_files.verify(raw)


@pytest.mark.parametrize("damage", [b"", b"Na"])
def test_a_lost_or_cut_table_is_not_current(raw_files: RawFiles, damage: bytes) -> None:
    """The next acquisition fetches it again and mends the store."""
    raw = raw_files.keep(_unpacked(raw_files, b"Name"), SOURCE)
    raw.path.chmod(0o644)
    raw.path.write_bytes(damage)

    assert raw_files.current() is None
    assert raw_files.find("kaggle", "someone/names", "7") == []
    assert raw_files.keep(_unpacked(raw_files, b"Name"), SOURCE) == raw
    raw_files.verify(raw)


def test_a_changed_table_is_replaced_when_it_is_kept_again(raw_files: RawFiles) -> None:
    """Bytes that do not match the digest are not trusted because they lie in the right place."""
    raw = raw_files.keep(_unpacked(raw_files, b"Name"), SOURCE)
    raw.path.chmod(0o644)
    raw.path.write_bytes(b"Nome")

    raw_files.verify(raw_files.keep(_unpacked(raw_files, b"Name"), SOURCE))


@pytest.mark.parametrize("text", ["", "{", "[7]", '[{"path": "x"}]', "7", '[{"updated_at": 7}]'])
def test_an_unreadable_pointer_counts_as_none(raw_files: RawFiles, text: str) -> None:
    """The next acquisition writes it anew."""
    raw_files.keep(_unpacked(raw_files, b"Name"), SOURCE)
    (raw_files.folder / "current.json").write_text(text)

    assert raw_files.current() is None


def test_a_record_that_points_outside_is_not_read(raw_files: RawFiles, tmp_path: Path) -> None:
    """The pointer cannot be used to read another file."""
    raw_files.keep(_unpacked(raw_files, b"Name"), SOURCE)
    pointer = raw_files.folder / "current.json"
    (tmp_path / "outside.csv").write_bytes(b"Name")
    record = json.loads(pointer.read_text())[0]
    pointer.write_text(json.dumps([{**record, "path": "../outside.csv"}]))

    assert raw_files.current() is None


def test_what_earlier_runs_left_is_cleared(raw_files: RawFiles) -> None:
    """Parts of the wanted file stay, all others go."""
    raw_files.incoming.mkdir(parents=True)
    for name in ("names.7.zip.partial", "names.7.zip.partial.json", "names.6.zip.partial", "names.csv"):
        (raw_files.incoming / name).touch()

    raw_files.clear_incoming(except_for=raw_files.incoming / "names.7.zip")

    assert sorted(path.name for path in raw_files.incoming.iterdir()) == [
        "names.7.zip.partial",
        "names.7.zip.partial.json",
    ]


def test_two_processes_do_not_acquire_at_once(raw_files: RawFiles) -> None:
    """The second one is told to wait, and gets in when the first has ended, however it ended."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(raw_files.folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"

        with pytest.raises(RetryableError, match="Another process is acquiring"), raw_files.locked():
            pass
        holder.kill()
        holder.wait()

    with raw_files.locked():
        assert raw_files.incoming.is_dir()
