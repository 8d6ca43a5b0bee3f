"""Tests of the sensor that requests the years whose content has changed."""

import datetime as dt
import re

import pytest
from dagster import DagsterRunStatus

from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.tables import sync_pauses, synced_years
from babynames_assets_tests.dagster_shell.conftest import YEARLY, Installation
from babynames_assets_tests.dagster_shell.ticks import Ticks, years_of

NAME = "changed_years"
RAW = "raw/baby_names_csv"


def publish(installation: Installation, **births: int) -> None:
    """Publish one name a year, and read it in: ``y2001=7``."""
    rows = "".join(f"{year.removeprefix('y')},Mary,F,{count}\n" for year, count in births.items())
    installation.publish(f"Year,Name,Sex,Count\n{rows}")
    installation.run(RAW)


def in_hubspot(installation: Installation) -> dict[str, str]:
    """The births that HubSpot has for Mary, by year."""
    return {key[:4]: births for key, births in installation.hubspot.births().items()}


def test_the_first_load_is_one_run_of_all_years(installation: Installation) -> None:
    """It is done by that run, and nothing is left to ask for."""
    ticks = Ticks(installation)
    publish(installation, y2001=1, y2002=2, y2003=3)

    requests = ticks.look(NAME)
    [result] = [ticks.run(request) for request in requests]

    assert years_of(requests) == [(2001, 2003)]
    assert {"/".join(key.path) for key in requests[0].asset_selection or ()} == set(YEARLY)
    assert result.success
    assert in_hubspot(installation) == {"2001": "1", "2002": "2", "2003": "3"}
    assert ticks.why_not(NAME) == "Every year is done."


def test_only_the_years_whose_content_changed_are_requested(installation: Installation) -> None:
    """2002 is the same in the next release: two ranges, two runs, and HubSpot is equal."""
    ticks = Ticks(installation)
    publish(installation, y2001=1, y2002=2, y2003=3)
    ticks.look_and_run(NAME)

    publish(installation, y2001=9, y2002=2, y2003=4, y2004=5)
    requests = ticks.look(NAME)
    for request in requests:
        assert ticks.run(request).success

    assert years_of(requests) == [(2001, 2001), (2003, 2004)]
    assert in_hubspot(installation) == {"2001": "9", "2002": "2", "2003": "4", "2004": "5"}
    assert ticks.why_not(NAME) == "Every year is done."


def test_years_under_way_are_not_requested_again(sqlite_installation: Installation) -> None:
    """Whoever began that run, and whether it waits in the queue or works."""
    ticks = Ticks(sqlite_installation)
    publish(sqlite_installation, y2001=1, y2002=2, y2003=3)
    ticks.begin(partition="2002")

    assert years_of(ticks.look(NAME)) == [(2001, 2001), (2003, 2003)]

    ticks.begin(asset_partition_range_start="2001", asset_partition_range_end="2003")
    assert ticks.why_not(NAME) == "A run is at 2001-2003."


def test_nothing_is_requested_while_the_raw_file_is_being_made(sqlite_installation: Installation) -> None:
    """Its years are not partitions yet, and another file may be current in a moment."""
    ticks = Ticks(sqlite_installation)
    publish(sqlite_installation, y2001=1)
    ticks.begin()

    assert "is being materialized" in ticks.why_not(NAME)


def test_without_a_file_that_was_read_nothing_is_requested(
    sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None came yet, or the rules of reading have changed since: a sensor never reads a file through."""
    ticks = Ticks(sqlite_installation)
    assert "There is no raw file that was read whole" in ticks.why_not(NAME)

    publish(sqlite_installation, y2001=1)
    monkeypatch.setenv("BABYNAMES_INGEST__MAX_NAME_LENGTH", "50")
    assert "There is no raw file that was read whole" in ticks.why_not(NAME)

    sqlite_installation.run(RAW)
    assert years_of(ticks.look(NAME)) == [(2001, 2001)]


def test_a_request_that_led_to_nothing_waits_and_comes_back(
    sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in a tight loop, and not never; each request has a key of its own, or Dagster would pass over it."""
    ticks = Ticks(sqlite_installation)
    publish(sqlite_installation, y2001=1)
    monkeypatch.setenv("BABYNAMES_AUTOMATION__RETRY_SECONDS", "3600")
    monkeypatch.setenv("BABYNAMES_AUTOMATION__MAX_RETRY_SECONDS", "3600")

    [first] = ticks.look(NAME)
    said = ticks.why_not(NAME)
    assert re.fullmatch(r"Not done: 2001; asked for again at \d\d:\d\d:\d\d UTC; the run that failed says why\.", said)
    monkeypatch.setenv("BABYNAMES_AUTOMATION__RETRY_SECONDS", "0.000001")
    [second] = ticks.look(NAME)

    assert years_of([first]) == years_of([second]) == [(2001, 2001)]


def test_a_year_that_cannot_be_loaded_ends_up_alone(installation: Installation) -> None:
    """A truncated year is refused by every run that has it; after a few tries the others are in HubSpot."""
    ticks = Ticks(installation)
    rows = "".join(f"{year},Na{chr(97 + n)},F,9\n" for year in range(2001, 2006) for n in range(10))
    installation.publish(f"Year,Name,Sex,Count\n{rows}")
    installation.run(RAW)
    ticks.look_and_run(NAME)
    kept = "".join(
        f"{year},Na{chr(97 + n)},F,8\n" for year in range(2001, 2006) for n in range(5 if year == 2002 else 10)
    )
    installation.publish(f"Year,Name,Sex,Count\n{kept}")
    installation.run(RAW)

    runs = [[result.success for result in ticks.look_and_run(NAME)] for _ in range(5)]

    assert [len(results) for results in runs[:2]] == [1, 1]
    assert runs[-1] == [False]
    assert years_of(ticks.look(NAME)) == [(2002, 2002)]
    births = installation.hubspot.births()
    assert {births[f"{year}-F-Naa"] for year in (2001, 2003, 2004, 2005)} == {"8"}
    assert births["2002-F-Naa"] == "9"


def test_a_sync_that_stopped_half_way_is_taken_up(installation: Installation) -> None:
    """The table is loaded, HubSpot refused the credentials: the years are behind until a sync ends whole."""
    ticks = Ticks(installation)
    publish(installation, y2001=1, y2002=2)
    installation.hubspot.order(kind="missing_scopes", path="/batch/upsert", times=1)

    [failed] = ticks.look_and_run(NAME)
    [mended] = ticks.look_and_run(NAME)

    assert (failed.success, mended.success) == (False, True)
    assert in_hubspot(installation) == {"2001": "1", "2002": "2"}


def test_a_file_that_is_taken_back_is_synced_again(installation: Installation) -> None:
    """The old content is in the ledger and in HubSpot of old; what a failed sync of the new one did is undone."""
    ticks = Ticks(installation)
    publish(installation, y2001=1)
    ticks.look_and_run(NAME)
    publish(installation, y2001=2)
    installation.hubspot.order(kind="missing_scopes", path="/batch/upsert", times=1)
    [failed] = ticks.look_and_run(NAME)

    publish(installation, y2001=1)
    [taken_back] = ticks.look_and_run(NAME)

    assert (failed.success, taken_back.success) == (False, True)
    assert in_hubspot(installation) == {"2001": "1"}
    assert ticks.why_not(NAME) == "Every year is done."


def pause(engine: Engine, until: dt.datetime) -> None:
    """Let 2001 wait, as a sync that met the end of the day leaves it."""
    with engine.begin() as connection:
        connection.execute(synced_years.delete())
        connection.execute(sync_pauses.insert().values(year=2001, until_at=until.replace(tzinfo=None)))


def test_a_paused_year_is_left_to_its_day_and_then_not_forgotten(installation: Installation) -> None:
    """The sensor paused_syncs requests it; if that led to nothing for ten minutes, it is behind like any other."""
    ticks, now = Ticks(installation), dt.datetime.now(dt.UTC)
    publish(installation, y2001=1)
    ticks.look_and_run(NAME)
    pause(installation.engine, now - dt.timedelta(minutes=5))

    assert ticks.why_not(NAME) == "Every year is done."
    assert years_of(ticks.look("paused_syncs")) == [(2001, 2001)]

    with installation.engine.begin() as connection:
        connection.execute(sync_pauses.update().values(until_at=(now - dt.timedelta(hours=1)).replace(tzinfo=None)))
    [result] = ticks.look_and_run(NAME)
    assert result.success
    assert "No sync waits" in ticks.why_not("paused_syncs")


def test_a_paused_year_that_changes_is_loaded_without_waiting(sqlite_installation: Installation) -> None:
    """The table does not wait for HubSpot's day."""
    ticks = Ticks(sqlite_installation)
    publish(sqlite_installation, y2001=1)
    ticks.look_and_run(NAME)
    pause(sqlite_installation.engine, dt.datetime.now(dt.UTC) + dt.timedelta(hours=5))

    publish(sqlite_installation, y2001=2)

    assert years_of(ticks.look(NAME)) == [(2001, 2001)]


def test_a_pause_that_is_over_is_not_requested_while_a_run_is_at_it(sqlite_installation: Installation) -> None:
    """Two runs of the same years would wait for each other."""
    ticks = Ticks(sqlite_installation)
    publish(sqlite_installation, y2001=1)
    ticks.look_and_run(NAME)
    pause(sqlite_installation.engine, dt.datetime.now(dt.UTC) - dt.timedelta(minutes=5))
    ticks.begin(status=DagsterRunStatus.NOT_STARTED, partition="2001")

    assert ticks.why_not("paused_syncs") == "A run of the years that waited is queued or under way."


def test_a_year_that_the_file_no_longer_has_is_left_alone(sqlite_installation: Installation) -> None:
    """A file of a single year, dropped by hand, must not begin to empty the others."""
    ticks = Ticks(sqlite_installation)
    publish(sqlite_installation, y2001=1, y2002=2)
    ticks.look_and_run(NAME)

    publish(sqlite_installation, y2002=2)

    assert ticks.why_not(NAME) == "Every year is done."
    assert in_hubspot(sqlite_installation) == {"2001": "1", "2002": "2"}


def test_contacts_that_are_to_be_sent_again_are_noticed(sqlite_installation: Installation) -> None:
    """What a reconciliation found, and could not mend itself."""
    ticks = Ticks(sqlite_installation)
    publish(sqlite_installation, y2001=1)
    ticks.look_and_run(NAME)
    with sqlite_installation.engine.begin() as connection:
        connection.execute(synced_years.update().values(mapping="0"))

    assert years_of(ticks.look(NAME)) == [(2001, 2001)]


def test_nothing_begins_where_somebody_tries_things_out(
    sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In development, with real services or not, unless it is asked for; in production without asking."""
    ticks = Ticks(sqlite_installation)
    publish(sqlite_installation, y2001=1)
    monkeypatch.delenv("BABYNAMES_AUTOMATION__ENABLED")

    for name in (NAME, "new_kaggle_version", "landed_file"):
        assert "BABYNAMES_AUTOMATION__ENABLED=true" in ticks.why_not(name)

    monkeypatch.setenv("BABYNAMES_ENVIRONMENT", "production")
    assert years_of(ticks.look(NAME)) == [(2001, 2001)]
