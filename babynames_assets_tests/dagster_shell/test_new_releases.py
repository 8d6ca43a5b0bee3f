"""Tests of the sensors and schedules that fetch a new file: from Kaggle, from the landing folder, by the clock."""

import os
import re
import threading
import time
import zipfile
from typing import Any

import dagster as dg
import pytest
import requests

from babynames_assets.partitions import range_tags
from babynames_assets.settings import load_settings
from babynames_assets.warehouse import partitioning
from babynames_assets_tests.dagster_shell.conftest import Installation
from babynames_assets_tests.dagster_shell.ticks import LANDED, NAMES, Ticks, land, look_twice

KAGGLE, RAW = "new_kaggle_version", dg.AssetKey(["raw", "baby_names_csv"])
SENSOR_SECONDS = 5.0
"""A sensor answers within this time, or Dagster's daemon waits for it instead of doing its work."""


@pytest.fixture
def ticks(sqlite_installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Ticks:
    """An installation whose sensors look at Kaggle with every tick."""
    monkeypatch.setenv("BABYNAMES_AUTOMATION__KAGGLE_SECONDS", "0.000001")
    return Ticks(sqlite_installation)


def order(*faults: dict[str, Any]) -> None:
    """Let Kaggle's next answers fail."""
    url = load_settings().kaggle.base_url
    assert requests.post(f"{url}/_faults", json=list(faults), timeout=5).status_code == 200


def looks() -> int:
    """How often Kaggle was asked for its newest version."""
    stats = requests.get(f"{load_settings().kaggle.base_url}/_stats", timeout=5).json()
    return int(stats["requests"].get("GetDataset", 0))


def test_a_new_version_is_requested_once_and_is_here_afterwards(ticks: Ticks) -> None:
    """The raw file alone; the years are another sensor's business."""
    ticks.installation.publish(NAMES)

    [request] = ticks.look(KAGGLE)
    result = ticks.run(request)

    assert result.success
    assert request.asset_selection == [RAW]
    assert "owner/names 1 of" in ticks.why_not(KAGGLE)
    assert ticks.installation.metadata("kaggle/baby_names")["version"].startswith("owner/names 1 of")


def test_the_next_version_is_noticed(ticks: Ticks) -> None:
    """And the one after."""
    for number in (1, 2, 3):
        ticks.installation.publish(f"{NAMES}2001,Anna,F,{number}\n")
        assert [result.success for result in ticks.look_and_run(KAGGLE)] == [True]
        assert ticks.installation.metadata("raw/baby_names_csv")["version"] == str(number)


def test_kaggle_is_asked_no_more_often_than_the_setting_says(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick in between costs no call."""
    monkeypatch.setenv("BABYNAMES_AUTOMATION__KAGGLE_SECONDS", "900")
    ticks.installation.publish(NAMES)
    ticks.look_and_run(KAGGLE)
    before = looks()

    for _ in range(5):
        ticks.why_not(KAGGLE)

    assert looks() == before


def test_a_kaggle_that_fails_is_left_alone_for_a_while(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tick succeeds and says what came back and when Kaggle is asked again."""
    monkeypatch.setenv("BABYNAMES_AUTOMATION__KAGGLE_SECONDS", "900")
    ticks.installation.publish(NAMES)
    order({"on": "GetDataset", "status": 503})

    said = ticks.why_not(KAGGLE)
    ticks.why_not(KAGGLE)

    assert said.startswith("Kaggle did not answer (1 times in a row); asked again at ")
    assert "503" in said
    assert looks() == 1


def test_the_sensor_recovers_with_kaggle(ticks: Ticks) -> None:
    """The first answer after the failures leads to the run."""
    ticks.installation.publish(NAMES)
    order(*[{"on": "GetDataset", "status": 500}] * 2)

    found = [len(ticks.look(KAGGLE)) for _ in range(3)]

    assert found == [0, 0, 1]


def test_a_slow_kaggle_does_not_hold_up_the_daemon(ticks: Ticks) -> None:
    """An answer that takes ten seconds is not waited for."""
    ticks.installation.publish(NAMES)
    order({"on": "GetDataset", "stall": 10.0})
    started = time.monotonic()

    said = ticks.why_not(KAGGLE)

    assert time.monotonic() - started < SENSOR_SECONDS
    assert "Kaggle did not answer" in said


def test_an_address_where_nobody_listens_is_no_failed_tick(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it hold up the daemon."""
    monkeypatch.setenv("BABYNAMES_KAGGLE__BASE_URL", "http://127.0.0.1:9")

    assert "Kaggle did not answer" in ticks.why_not(KAGGLE)


def test_a_version_that_cannot_be_taken_is_asked_for_again_later(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without data: not in a tight loop, and not never; each time under a key of its own."""
    ticks.installation.publish("Year,Name,Sex,Count\n")
    monkeypatch.setenv("BABYNAMES_AUTOMATION__RETRY_SECONDS", "3600")
    monkeypatch.setenv("BABYNAMES_AUTOMATION__MAX_RETRY_SECONDS", "3600")

    [first] = ticks.look(KAGGLE)
    failed = ticks.run(first)
    # The file itself was kept and is current; that it cannot be read is the run's failure, not a missing version.
    assert not failed.success
    assert ticks.look(KAGGLE) == []


def test_a_download_that_failed_is_asked_for_again(ticks: Ticks, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its wait, under another key."""
    ticks.installation.publish(NAMES)
    order(*[{"on": "storage", "status": 404}] * 20)
    [first] = ticks.look(KAGGLE)
    assert not ticks.run(first).success
    monkeypatch.setenv("BABYNAMES_AUTOMATION__RETRY_SECONDS", "3600")
    monkeypatch.setenv("BABYNAMES_AUTOMATION__MAX_RETRY_SECONDS", "3600")
    assert re.search(r"is not here; it is asked for again at \d\d:\d\d:\d\d UTC; the run", ticks.why_not(KAGGLE))

    monkeypatch.setenv("BABYNAMES_AUTOMATION__RETRY_SECONDS", "0.000001")
    [second] = ticks.look(KAGGLE)

    assert first.run_key != second.run_key


@pytest.mark.parametrize("sensor", [KAGGLE, LANDED])
def test_a_raw_file_that_is_being_made_is_not_requested(ticks: Ticks, sensor: str) -> None:
    """Two at once would meet at the folder's lock, and one would fail."""
    if sensor == LANDED:
        land()
        ticks.look(LANDED)
    ticks.installation.publish(NAMES)
    ticks.begin()

    assert "is being materialized" in ticks.why_not(sensor)


def test_a_dropped_file_is_requested_when_it_has_settled(ticks: Ticks) -> None:
    """One look sees it, the next one sees it unchanged; Kaggle is not asked meanwhile."""
    land()

    first, [request] = ticks.why_not(LANDED), ticks.look(LANDED)
    result = ticks.run(request)

    assert "new or still changing" in first
    assert result.success
    assert ticks.installation.metadata("raw/baby_names_csv")["origin"] == "landing"
    assert ticks.why_not(LANDED).startswith("No file that is not the current raw file")
    assert "the landing folder holds names.csv" in ticks.why_not(KAGGLE)
    assert looks() == 0


def test_a_file_that_is_still_being_copied_is_not_requested(ticks: Ticks) -> None:
    """However long it takes: each look sees another length."""
    text = NAMES
    for _ in range(4):
        text += "2001,Anna,F,5\n"
        land(text=text)
        assert "still changing" in ticks.why_not(LANDED)

    assert len(ticks.look(LANDED)) == 1


def test_a_file_under_another_ending_is_not_noticed(ticks: Ticks) -> None:
    """Whoever copies under .partial and renames at the end is safe, however slow the copy is."""
    path = land("names.csv.partial")
    assert look_twice(ticks) == []

    path.rename(path.with_suffix(""))

    assert len(look_twice(ticks)) == 1


def test_a_file_that_cannot_be_used_does_not_come_in_a_tight_loop(
    ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged archive fails once an hour, not twice a minute; a mended one is taken at once."""
    path = land("names.zip", "no archive")
    monkeypatch.setenv("BABYNAMES_AUTOMATION__RETRY_SECONDS", "3600")
    monkeypatch.setenv("BABYNAMES_AUTOMATION__MAX_RETRY_SECONDS", "3600")
    [request] = look_twice(ticks)
    assert not ticks.run(request).success
    assert look_twice(ticks) == []

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("names.csv", NAMES)
    moment = time.time() - 60
    os.utime(path, (moment, moment))

    assert [ticks.run(one).success for one in look_twice(ticks)] == [True]


def test_a_file_that_was_only_touched_is_taken_once(ticks: Ticks) -> None:
    """Its content is here under the moment of before, which must not look like a file that never arrives."""
    land()
    [first] = look_twice(ticks)
    ticks.run(first)

    land(seconds_ago=30)
    [second] = look_twice(ticks)
    ticks.run(second)

    assert [look_twice(ticks), look_twice(ticks)] == [[], []]


def test_kaggle_is_the_source_again_when_the_file_is_removed(ticks: Ticks) -> None:
    """Also when its newest version was here before."""
    ticks.installation.publish(NAMES)
    ticks.look_and_run(KAGGLE)
    path = land(text=f"{NAMES}2001,Anna,F,5\n")
    ticks.run(look_twice(ticks)[0])

    path.unlink()
    [result] = ticks.look_and_run(KAGGLE)

    assert result.success
    assert ticks.installation.metadata("raw/baby_names_csv")["origin"] == "kaggle"


def test_the_daily_refresh_requests_the_raw_file_whatever_the_sensors_saw(ticks: Ticks) -> None:
    """At 02:00 UTC; unless a run is at it."""
    [request] = ticks.schedule("daily_refresh")
    assert request.asset_selection == [RAW]

    ticks.begin()
    assert ticks.schedule("daily_refresh") == []


def test_the_weekly_reconciliation_does_not_overtake_itself(ticks: Ticks) -> None:
    """One that reads two million contacts may take hours. Before there is anything to read it would fail."""
    assert ticks.schedule("weekly_reconcile") == []
    ticks.installation.publish(NAMES)
    ticks.installation.run("raw/baby_names_csv")
    ticks.installation.run("validated/baby_names", "warehouse/baby_names", tags=range_tags(2001, 2001))

    [request] = ticks.schedule("weekly_reconcile")
    assert request.run_config == {}
    job = ticks.job("reconcile_contacts_job")
    ticks.installation.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)

    assert ticks.schedule("weekly_reconcile") == []


def test_years_that_have_ended_get_their_partitions_ahead(installation: Installation) -> None:
    """In Dagster and in the table, in order; an installation without data is left alone."""
    ticks = Ticks(installation)
    assert len(ticks.schedule("new_year_partitions")) == 1
    ticks.job("prepare_years_job").execute_in_process(instance=installation.instance)
    assert installation.instance.get_dynamic_partitions("years") == []
    installation.publish(NAMES)
    installation.run("raw/baby_names_csv")

    ticks.job("prepare_years_job").execute_in_process(instance=installation.instance)

    last = time.gmtime().tm_year - 1
    assert list(installation.instance.get_dynamic_partitions("years")) == [str(year) for year in range(2001, last + 1)]
    if installation.engine.dialect.name != "sqlite":
        assert partitioning.years(installation.engine)[-1] == last


def test_no_schedule_begins_anything_where_somebody_tries_things_out(
    ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In development nothing is fetched, read back or made by the clock."""
    monkeypatch.delenv("BABYNAMES_AUTOMATION__ENABLED")

    assert [ticks.schedule(name) for name in ("daily_refresh", "weekly_reconcile", "new_year_partitions")] == [[]] * 3


def test_everything_runs_unless_somebody_stops_it() -> None:
    """A new installation needs no click; the hours are those that the guide says."""
    from babynames_assets.definitions import defs  # noqa: PLC0415 - named here, where it is looked at

    repository = defs.get_repository_def()

    schedules = {one.name: one.default_status for one in repository.schedule_defs}
    sensors = {one.name: one.default_status for one in repository.sensor_defs}
    for name in ("daily_refresh", "weekly_reconcile", "weekly_prune", "new_year_partitions"):
        assert schedules[name] == dg.DefaultScheduleStatus.RUNNING
    for name in (KAGGLE, LANDED, "changed_years", "paused_syncs", "due_dead_letters"):
        assert sensors[name] == dg.DefaultSensorStatus.RUNNING
    hours = {one.name: (one.cron_schedule, one.execution_timezone) for one in repository.schedule_defs}
    assert hours["daily_refresh"] == ("0 2 * * *", "UTC")
    assert hours["weekly_reconcile"] == ("0 4 * * 0", "UTC")
    assert hours["weekly_prune"] == ("0 5 * * 0", "UTC")
    assert hours["new_year_partitions"] == ("0 1 1 * *", "UTC")


def test_a_look_that_was_given_up_leaves_no_thread_for_long(ticks: Ticks) -> None:
    """It has timeouts of its own."""
    order({"on": "GetDataset", "stall": 10.0})
    ticks.installation.publish(NAMES)
    ticks.why_not(KAGGLE)

    deadline = time.monotonic() + 30
    while any(thread.name == "within" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
