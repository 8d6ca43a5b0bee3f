"""Tests of the landing folder."""

import os
from pathlib import Path

import pytest

from babynames_assets.errors import RetryableError, SourceError
from babynames_assets.ingest.durable_files import digest_of
from babynames_assets.ingest.landing import COPYING_SECONDS, LandedFile, newest_landed_file

THEN = 1_700_000_000


def _land(path: Path, content: bytes = b"Name,Sex\n", *, changed: float = THEN) -> Path:
    path.write_bytes(content)
    os.utime(path, (changed, changed))
    return path


def _found(folder: Path) -> LandedFile:
    found = newest_landed_file(folder)
    assert found is not None
    return found


def test_a_folder_that_is_missing_or_empty_holds_nothing(tmp_path: Path) -> None:
    """Both mean that Kaggle is asked."""
    assert newest_landed_file(tmp_path / "none") is None
    assert newest_landed_file(tmp_path) is None


def test_the_file_that_changed_last_is_taken(tmp_path: Path) -> None:
    """Its path, length and time are told."""
    _land(tmp_path / "old.csv")
    new = _land(tmp_path / "new.zip", b"12345", changed=THEN + 1)

    found = _found(tmp_path)

    assert (found.path, found.bytes, found.updated_at.timestamp()) == (new, 5, THEN + 1)


def test_of_two_files_of_one_time_the_later_name_is_taken(tmp_path: Path) -> None:
    """The choice does not depend on the order of the folder."""
    _land(tmp_path / "a.csv")
    last = _land(tmp_path / "b.csv")

    assert _found(tmp_path).path == last


@pytest.mark.parametrize("name", ["a.csv", "a.CSV", "a.txt", "a.zip", "a.csv.gz"])
def test_tables_and_archives_count(tmp_path: Path, name: str) -> None:
    """In small and capital letters."""
    path = _land(tmp_path / name)

    assert _found(tmp_path).path == path


@pytest.mark.parametrize("name", [".a.csv", "a.csv.partial", "a.xlsx", "a.csv~", "a.gz"])
def test_other_files_do_not_count(tmp_path: Path, name: str) -> None:
    """Hidden ones, parts and other formats are passed over."""
    _land(tmp_path / name)

    assert newest_landed_file(tmp_path) is None


def test_an_ignored_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever drops a file of another format finds the reason in the log."""
    _land(tmp_path / "names.xlsx")

    newest_landed_file(tmp_path)

    assert "landed_file_ignored" in capsys.readouterr().out


def test_a_folder_called_like_a_table_does_not_count(tmp_path: Path) -> None:
    """Only files do."""
    (tmp_path / "names.csv").mkdir()

    assert newest_landed_file(tmp_path) is None


def test_an_old_file_is_read_at_once(tmp_path: Path) -> None:
    """Nothing is waited for."""
    path = _land(tmp_path / "a.csv")
    waits: list[float] = []

    digest = _found(tmp_path).settled_digest(sleep=waits.append)

    assert (digest, waits) == (digest_of(path), [])


def test_a_fresh_file_is_looked_at_twice(tmp_path: Path) -> None:
    """One that grew during the pause is still being written."""
    path = _land(tmp_path / "a.csv")

    def grow(_seconds: float) -> None:
        path.write_bytes(b"Name,Sex\nMary,F\n")

    with pytest.raises(RetryableError, match="changed while it was read"):
        _found(tmp_path).settled_digest(clock=lambda: THEN + 1.0, sleep=grow)


def test_a_fresh_file_that_rests_is_read(tmp_path: Path) -> None:
    """The pause shows that nobody writes to it any more."""
    path = _land(tmp_path / "a.csv")

    digest = _found(tmp_path).settled_digest(clock=lambda: THEN + 1.0, sleep=lambda _: None)

    assert digest == digest_of(path)


def test_a_file_that_vanishes_while_it_is_read_is_retryable(tmp_path: Path) -> None:
    """Someone took it away again; nothing is wrong with the data."""
    path = _land(tmp_path / "a.csv")

    with pytest.raises(RetryableError, match="changed while it was read"), _found(tmp_path).unchanged():
        path.unlink()


@pytest.mark.parametrize(("age", "kind"), [(COPYING_SECONDS - 1, RetryableError), (COPYING_SECONDS + 1, SourceError)])
def test_damage_in_a_young_file_is_probably_a_copy_under_way(tmp_path: Path, age: float, kind: type[Exception]) -> None:
    """A young file gets another chance, an old one is refused."""
    _land(tmp_path / "a.zip")

    with pytest.raises(kind, match="cut short"), _found(tmp_path).unchanged(clock=lambda: THEN + age):
        raise SourceError("a.zip is cut short.")
