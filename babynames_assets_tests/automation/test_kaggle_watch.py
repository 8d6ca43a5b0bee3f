"""Tests of looking at Kaggle's version: seldom, cheaply, and less often while Kaggle fails."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from babynames_assets.automation.kaggle_watch import LOOK_SECONDS, KaggleWatch, is_here
from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.ingest.kaggle import DatasetVersion
from babynames_assets.ingest.raw_files import Origin, RawFile
from babynames_assets.setting_groups import AutomationSettings

TERMS = AutomationSettings(kaggle_seconds=900, retry_seconds=100, max_retry_seconds=7200)
MOMENT = dt.datetime(2026, 5, 9, 12, tzinfo=dt.UTC)
VERSION = DatasetVersion("owner/names", 5, MOMENT, 1000)
NAME = "owner/names 5 of 2026-05-09T12:00:00+00:00"


def failing(error: Exception) -> Callable[[], DatasetVersion]:
    """A Kaggle that answers with an error."""

    def latest() -> DatasetVersion:
        raise error

    return latest


def raw_file(origin: Origin = "kaggle", version: str = "5", updated_at: dt.datetime = MOMENT) -> RawFile:
    """A current raw file."""
    return RawFile(
        dataset="owner/names",
        version=version,
        origin=origin,
        archive_sha256="a" * 64,
        archive_bytes=1,
        updated_at=updated_at,
        acquired_at=MOMENT,
        sha256="b" * 64,
        bytes=1,
        member="names.csv",
        path=Path("names.csv"),
    )


def test_kaggle_is_asked_once_in_a_while() -> None:
    """Not with each tick of the sensor."""
    watch = KaggleWatch().look(lambda: VERSION, 0.0, TERMS)

    assert watch == KaggleWatch(version=NAME, next_look=900.0)
    assert watch.look(failing(AssertionError("asked")), 899.0, TERMS) is watch


def test_a_kaggle_that_fails_is_asked_less_and_less_often() -> None:
    """After half an hour, an hour, two hours, and then every two hours; what was known stays known."""
    watch, now, waits = KaggleWatch(version=NAME), 0.0, []
    for _ in range(5):
        watch = watch.look(failing(RetryableError("down")), now, TERMS)
        waits.append(watch.next_look - now)
        now = watch.next_look

    assert waits == [900, 1800, 3600, 7200, 7200]
    assert (watch.version, watch.failures, watch.error) == (NAME, 5, "down")


def test_an_answer_ends_the_failures() -> None:
    """The next look is as soon as ever."""
    watch = KaggleWatch(failures=7, error="down").look(lambda: VERSION, 0.0, TERMS)

    assert (watch.failures, watch.error, watch.next_look) == (0, None, 900.0)


def test_kaggle_is_left_alone_for_as_long_as_it_asked() -> None:
    """Up to the longest wait."""
    long, longer = (RetryableError("busy", retry_after=seconds) for seconds in (5000.0, 10.0**9))

    assert KaggleWatch().look(failing(long), 0.0, TERMS).next_look == 5000.0
    assert KaggleWatch().look(failing(longer), 0.0, TERMS).next_look == 7200.0


def test_a_dataset_that_is_gone_does_not_stop_the_looks() -> None:
    """It may come back; the daily run is what calls a person."""
    watch = KaggleWatch().look(failing(FatalError("no such dataset")), 0.0, TERMS)

    assert (watch.failures, watch.error) == (1, "no such dataset")


def test_a_slow_kaggle_is_not_waited_for() -> None:
    """A look ends after four seconds, whatever is still on its way."""
    answered = threading.Event()

    def latest() -> DatasetVersion:
        answered.wait(60)
        return VERSION

    started = time.monotonic()
    watch = KaggleWatch().look(latest, 0.0, TERMS)

    assert time.monotonic() - started < LOOK_SECONDS + 0.9
    answered.set()
    assert "no answer within 4 s" in str(watch.error)


def test_a_request_is_repeated_later_when_it_led_to_nothing() -> None:
    """With the same waits as everything else that was asked for."""
    watch = KaggleWatch(version=NAME)

    request = watch.request(0.0, TERMS)

    assert request is not None
    asked = KaggleWatch(version=NAME, asked=request)
    assert asked.request(99.0, TERMS) is None
    assert asked.request(100.0, TERMS) is not None
    assert KaggleWatch().request(0.0, TERMS) is None


def test_what_is_here_is_known_by_name_version_and_moment() -> None:
    """A landed file, another version and the same version published anew are something else."""
    assert is_here(NAME, raw_file())
    assert not is_here(NAME, None)
    assert not is_here(None, raw_file())
    assert not is_here(NAME, raw_file(origin="landing"))
    assert not is_here(NAME, raw_file(version="4"))
    assert not is_here(NAME, raw_file(updated_at=MOMENT + dt.timedelta(seconds=1)))


def test_the_cursor_keeps_everything() -> None:
    """Written and read again."""
    watch = KaggleWatch(
        version=NAME, next_look=1.5, failures=2, error="down", asked=KaggleWatch(NAME).request(3, TERMS)
    )

    assert KaggleWatch.from_cursor(watch.as_cursor()) == watch


@pytest.mark.parametrize("cursor", [None, "", "[]", "nonsense", '{"other": 1}', '{"asked": {"of": 1}}'])
def test_a_cursor_that_cannot_be_read_counts_as_nothing(cursor: str | None) -> None:
    """One of an earlier release, or one that somebody typed in the UI."""
    assert KaggleWatch.from_cursor(cursor) == KaggleWatch()
