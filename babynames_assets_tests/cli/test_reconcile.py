"""Tests of babynames reconcile as a process: what it prints, how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.cli.test_sync import Office, open_office
from babynames_assets_tests.hubspot.emulated import Emulated, emulated_hubspot
from babynames_assets_tests.sync.reading_back import People


@pytest.fixture(scope="module")
def running_hubspot() -> Iterator[Emulated]:
    """One emulator for all tests of the command, which makes a search a year."""
    with emulated_hubspot(daily_limit=0, searches_per_second=0) as emulated:
        yield emulated


@pytest.fixture
def office(engine: Engine, running_hubspot: Emulated, tmp_path: Path) -> Office:
    """Two years in HubSpot, from SQLite, MySQL and MariaDB in turn."""
    return _synced(open_office(engine, running_hubspot, tmp_path))


@pytest.fixture
def sqlite_office(sqlite_engine: Engine, running_hubspot: Emulated, tmp_path: Path) -> Office:
    """The same from SQLite alone, where the database makes no difference."""
    return _synced(open_office(sqlite_engine, running_hubspot, tmp_path))


def _synced(office: Office) -> Office:
    office.load(2001, Mary=9, Anna=5, Zoe=3)
    office.load(2002, Mary=8)
    office.document("sync", "run")
    return office


def test_what_is_equal_is_one_sentence(sqlite_office: Office) -> None:
    """Exit code 0."""
    office = sqlite_office
    finished = office.babynames("reconcile")

    assert finished.returncode == 0, finished.stderr
    assert "HubSpot holds what the warehouse says: 4 contacts read back." in finished.stdout
    assert "4 of 4 contacts read back" in finished.stderr


def test_drift_is_shown_and_then_mended(office: Office) -> None:
    """Exit code 1 with what differs and how to mend it; 0 when it is mended, and when it is looked at again."""
    people = People(office.hubspot)
    people.edit("2001-F-Mary", births="99")
    people.delete("2002-F-Mary")
    people.add("2001-F-Stranger", "2001-F-Other")

    found = office.babynames("reconcile")
    refused = office.babynames("reconcile", "--repair", "--archive-unknown")
    mended = office.babynames("reconcile", "--repair", "--archive-unknown", BABYNAMES_HUBSPOT__MAX_ARCHIVE_SHARE="0.9")
    again = office.babynames("reconcile")

    assert found.returncode == 1
    assert "births is '99', not '9'" in found.stdout
    assert "deleted '2002-F-Mary'" in found.stdout
    assert "unknown '2001-F-Stranger'" in found.stdout
    assert (
        "4 contacts were not as they should be; 4 were read back "
        "(--repair sends them again; --archive-unknown archives those without a row)." in found.stdout
    )
    assert refused.returncode == 1
    assert (
        "2001: so many contacts are unknown here that none is archived. Is this the right warehouse?" in refused.stdout
    )
    assert "2 contacts sent again" in refused.stdout
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert office.hubspot.births() == {"2001-F-Mary": "9", "2001-F-Anna": "5", "2001-F-Zoe": "3", "2002-F-Mary": "8"}
    assert again.returncode == 0


def test_a_repair_without_strangers_is_complete(sqlite_office: Office) -> None:
    """Exit code 0 although something was found: it is mended."""
    People(sqlite_office.hubspot).edit("2001-F-Mary", births="99")

    finished = sqlite_office.babynames("reconcile", "--repair")

    assert finished.returncode == 0, finished.stderr
    assert "1 contacts sent again" in finished.stdout
    assert sqlite_office.hubspot.births()["2001-F-Mary"] == "9"


def test_json_has_everything(sqlite_office: Office) -> None:
    """Counts by year and kind, examples with both values, what was sent."""
    People(sqlite_office.hubspot).edit("2001-F-Mary", births="99")

    document = sqlite_office.document("reconcile", "--repair")

    assert (document["is_equal"], document["paused_until"], document["is_resumed"]) == (False, None, False)
    assert (document["first_year"], document["last_year"]) == (2001, 2002)
    assert (document["totals"]["read"], document["totals"]["edited"]) == (4, 1)
    assert document["years"]["2001"]["edited"] == 1
    assert document["years"]["other years"]["unknown"] == 0
    [example] = document["examples"]
    assert (example["kind"], example["key"], example["values"]) == ("edited", "2001-F-Mary", {"births": ["9", "99"]})
    assert document["sent"] == {"2001": {"created": 0, "updated": 1, "refused": 0, "archived": 0}}


def test_only_some_years_are_read(sqlite_office: Office) -> None:
    """And no search is made for contacts of other years."""
    People(sqlite_office.hubspot).edit("2001-F-Mary", births="99")

    document = sqlite_office.document("reconcile", "--years", "2002")

    assert document["is_equal"]
    assert list(document["years"]) == ["2002"]


def test_a_reading_that_the_day_is_too_short_for_is_paused(sqlite_office: Office) -> None:
    """Exit code 3 and how far it came; the next call goes on, and --from-start does not."""
    office = sqlite_office
    office.hubspot.order(kind="daily", path="/batch/read", skip=1, times=100)

    paused = office.babynames("reconcile")
    still_paused = office.babynames("reconcile", "--json")
    office.hubspot.end_faults()
    anew = office.document("reconcile", "--years", "2001-2002", "--from-start")
    resumed = office.document("reconcile")

    assert paused.returncode == 3, paused.stderr
    assert "Paused: the calls of the day are spent. It came to 2002, 3 contacts." in paused.stdout
    assert still_paused.returncode == 3
    document = json.loads(still_paused.stdout)
    assert (document["is_resumed"], document["reached"]) == (True, 2002)
    assert document["paused_until"] is not None
    assert (anew["is_resumed"], anew["totals"]["read"]) == (False, 4)
    assert (resumed["is_resumed"], resumed["totals"]["read"]) == (True, 4)


def test_an_empty_warehouse_is_a_message(sqlite_engine: Engine, running_hubspot: Emulated, tmp_path: Path) -> None:
    """There is nothing to read back yet."""
    office = open_office(sqlite_engine, running_hubspot, tmp_path)

    finished = office.babynames("reconcile")

    assert finished.returncode == 1
    assert "materialize warehouse/baby_names first" in finished.stderr
    assert "Traceback" not in finished.stderr
