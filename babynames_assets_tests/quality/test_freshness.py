"""Tests of freshness: what is late, at which stage, and since when."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from babynames_assets.clients import open_kaggle
from babynames_assets.ingest.kaggle import DatasetVersion
from babynames_assets.loading.sources import scan_raw
from babynames_assets.quality.freshness import Release, find_release, freshness_verdict
from babynames_assets.quality.verdict import Verdict
from babynames_assets.setting_groups import KaggleSettings
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.loading.desk import Desk

FIRST = "2001,Mary,F,9\n2002,Mary,F,8\n"
FOUR_HOURS = timedelta(hours=4)


@pytest.fixture
def desk(sqlite_engine: Engine, tmp_path: Path) -> Desk:
    """An installation that took one file."""
    desk = Desk(tmp_path / "state", sqlite_engine)
    desk.take(FIRST)
    return desk


def release(desk: Desk, newest: DatasetVersion | None = None, not_asked: str | None = None) -> Release:
    """The file that the installation has."""
    raw = desk.raw_files.current()
    assert raw is not None
    return Release(raw, scan_raw(raw, desk.settings), newest, not_asked)


def judged(desk: Desk, found: Release, *, hours: float, left: int = 0) -> Verdict:
    """What is said so many hours later."""
    return freshness_verdict(
        desk.engine, found, left=left, within=FOUR_HOURS, clock=lambda: datetime.now(UTC) + timedelta(hours=hours)
    )


def places(verdict: Verdict) -> list[str]:
    """The stages that are behind."""
    return [finding.place for finding in verdict.findings]


def test_what_has_arrived_is_fresh_for_ever(desk: Desk) -> None:
    """A quiet year is no delay."""
    desk.validate([2001, 2002])
    desk.load([2001, 2002])

    verdict = judged(desk, release(desk), hours=24 * 365)

    assert verdict.passed
    assert verdict.numbers["hours_behind"] == 0


def test_a_release_that_is_not_loaded_is_late_after_the_hours_and_not_before(desk: Desk) -> None:
    """The numbers say how long it is out."""
    before, after = (judged(desk, release(desk), hours=hours) for hours in (3, 5))

    assert before.passed
    assert places(after) == ["warehouse/baby_names"]
    assert after.numbers["hours_behind"] >= 4
    assert "2 years are not loaded: 2001, 2002" in after.findings[0].message


def test_contacts_that_are_left_are_late(desk: Desk) -> None:
    """The table has it, HubSpot does not."""
    desk.validate([2001, 2002])
    desk.load([2001, 2002])

    assert judged(desk, release(desk), hours=3, left=7).passed
    assert places(judged(desk, release(desk), hours=5, left=7)) == ["hubspot/contacts"]


def test_years_that_are_not_held_here_are_not_late(desk: Desk) -> None:
    """Who loads the newest years only is behind with those alone; a year that is newer than all is awaited."""
    desk.validate([2002])
    desk.load([2002])
    assert judged(desk, release(desk), hours=5).passed

    desk.take(FIRST + "2003,Mary,F,8\n")

    assert "1 years are not loaded: 2003" in judged(desk, release(desk), hours=5).findings[0].message


@pytest.mark.parametrize(("hours_ago", "is_late"), [(3, False), (5, True)])
def test_a_version_that_nobody_took_is_late_after_the_hours(desk: Desk, hours_ago: int, is_late: bool) -> None:
    """It counts from the moment at which Kaggle published it."""
    desk.validate([2001, 2002])
    desk.load([2001, 2002])
    in_a_day = datetime.now(UTC) + timedelta(hours=24)
    newest = DatasetVersion("owner/names", 2, in_a_day - timedelta(hours=hours_ago), None)

    verdict = judged(desk, release(desk, newest), hours=24)

    assert places(verdict) == (["raw/baby_names_csv"] if is_late else [])


def test_a_version_from_before_this_installation_counts_from_its_first_file(desk: Desk) -> None:
    """A dataset of 2022 is not years late on the day on which somebody installs this."""
    newest = DatasetVersion("owner/names", 2, datetime(2022, 1, 1, tzinfo=UTC), None)

    assert judged(desk, release(desk, newest), hours=3).passed
    assert "raw/baby_names_csv" in places(judged(desk, release(desk, newest), hours=5))


def test_kaggle_that_cannot_be_asked_is_a_doubt_and_what_is_late_is_still_an_error(desk: Desk) -> None:
    """The one does not hide the other."""
    found = release(desk, not_asked="no route")

    early, late = judged(desk, found, hours=1), judged(desk, found, hours=5)

    assert (early.passed, early.is_doubt) == (False, True)
    assert (late.passed, late.is_doubt) == (False, False)
    assert "no route" in early.texts["kaggle"]


def test_a_landed_file_asks_nothing_of_kaggle(desk: Desk) -> None:
    """The way around Kaggle is used where Kaggle is not there."""
    raw = desk.raw_files.current()
    assert raw is not None
    nowhere = Settings(kaggle=KaggleSettings(base_url="http://127.0.0.1:9"), state_folder=desk.settings.state_folder)

    with open_kaggle(nowhere) as kaggle:
        found = find_release(raw, scan_raw(raw, desk.settings), kaggle, nowhere.kaggle)

    assert (raw.origin, found.newest, found.not_asked) == ("landing", None, None)
