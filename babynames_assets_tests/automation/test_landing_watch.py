"""Tests of noticing a file in the landing folder."""

import datetime as dt
from pathlib import Path

import pytest

from babynames_assets.automation.landing_watch import LandingWatch, is_here, name_of
from babynames_assets.automation.requests import Asked
from babynames_assets.ingest.landing import LandedFile
from babynames_assets.ingest.raw_files import Origin, RawFile
from babynames_assets.setting_groups import AutomationSettings

TERMS = AutomationSettings()
FILE = LandedFile(Path("landing/names.csv"), 100, 1_795_453_200_123_456_789)


def raw_file(origin: Origin = "landing", length: int = 100, landed: LandedFile = FILE) -> RawFile:
    """The current raw file, as a landed file left it."""
    return RawFile(
        dataset="names.csv",
        version="landed-aaaaaaaaaaaa",
        origin=origin,
        archive_sha256="a" * 64,
        archive_bytes=length,
        updated_at=landed.updated_at,
        acquired_at=dt.datetime.now(dt.UTC),
        sha256="b" * 64,
        bytes=1,
        member="names.csv",
        path=Path("names.csv"),
    )


def test_a_file_is_known_by_its_name_length_and_time() -> None:
    """Whatever changes while it is copied makes it another file."""
    later = LandedFile(FILE.path, FILE.bytes, FILE.changed_ns + 1)
    longer = LandedFile(FILE.path, FILE.bytes + 1, FILE.changed_ns)

    assert len({name_of(FILE), name_of(later), name_of(longer)}) == 3


def test_what_is_here_is_known_without_reading_the_file() -> None:
    """By what the raw file remembers of it."""
    assert is_here(FILE, raw_file())
    assert not is_here(FILE, None)
    assert not is_here(FILE, raw_file(origin="kaggle"))
    assert not is_here(FILE, raw_file(length=101))


def test_an_empty_folder_asks_for_nothing() -> None:
    """Also after a file was there."""
    assert LandingWatch().look(FILE).look(None).request(0.0, TERMS) is None


def test_a_file_that_was_taken_is_not_asked_for() -> None:
    """Until another one lies there."""
    watch = LandingWatch(taken=name_of(FILE)).look(FILE)
    assert watch.request(0.0, TERMS) is None

    longer = LandedFile(FILE.path, FILE.bytes + 1, FILE.changed_ns)
    assert watch.look(longer).request(0.0, TERMS) == Asked(name_of(longer), 1, 0.0)


def test_the_cursor_keeps_everything() -> None:
    """Written and read again."""
    watch = LandingWatch(seen="a", asked=Asked("a", 2, 3.5), taken="b")

    assert LandingWatch.from_cursor(watch.as_cursor()) == watch


@pytest.mark.parametrize("cursor", [None, "", "[]", "nonsense", '{"other": 1}', '{"asked": {"of": 1}}'])
def test_a_cursor_that_cannot_be_read_counts_as_nothing(cursor: str | None) -> None:
    """One of an earlier release, or one that somebody typed in the UI."""
    assert LandingWatch.from_cursor(cursor) == LandingWatch()
