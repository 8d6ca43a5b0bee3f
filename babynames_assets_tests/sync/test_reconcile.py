"""Tests of reading HubSpot back: what people did there is found, told by its kind, and mended on request."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.sync import unknown
from babynames_assets.sync.approval import PlanError
from babynames_assets.sync.drift import MOST_LOOKED_UP
from babynames_assets.sync.reconcile import Reconciliation, read_sample, reconcile, repair
from babynames_assets.sync.reconcile_progress import EXAMPLES
from babynames_assets.sync.reconcile_walk import OTHER_YEARS
from babynames_assets.sync.report import PushReport
from babynames_assets.warehouse.engine import Engine
from babynames_assets_tests.hubspot.emulated import Emulated, emulated_hubspot
from babynames_assets_tests.sync.conftest import ARCHIVE, Sync
from babynames_assets_tests.sync.planning import CONTACTS, calls_of, plan, push
from babynames_assets_tests.sync.reading_back import ALL, People, read_back
from babynames_assets_tests.sync.test_push import names
from babynames_assets_tests.sync.test_stopping import TerminatedError, raising_on_sigterm

READ, SEARCH = f"POST {CONTACTS}/batch/read", f"POST {CONTACTS}/search"
NOTHING = {"edited": 0, "deleted": 0, "merged": 0, "unknown": 0}


@pytest.fixture(scope="module")
def running_hubspot() -> Iterator[Emulated]:
    """An emulator without limits: they are the limiter's tests' business."""
    with emulated_hubspot(calls_per_window=0, searches_per_second=0, daily_limit=0) as emulated:
        yield emulated


@pytest.fixture
def people(sync: Sync) -> People:
    """Those who work in the account."""
    return People(sync.hubspot)


@pytest.fixture
def sqlite_people(sqlite_sync: Sync) -> People:
    """The same on SQLite alone."""
    return People(sqlite_sync.hubspot)


def synced(sync: Sync, **years: dict[str, int]) -> None:
    """Load and push some years, named y2001 and so on."""
    for year, rows in years.items():
        sync.load(int(year[1:]), rows)
    push(sync, *(int(year[1:]) for year in years))


def mend(sync: Sync, found: Reconciliation) -> PushReport:
    """Send what a reading back found."""
    client = sync.hubspot.client()
    try:
        return repair(
            sync.engine, client, found.progress, run_id="test", options=ARCHIVE, on_batch=lambda _report: None
        )
    finally:
        client.close()


def values_of(found: Reconciliation, key: str) -> dict[str, tuple[str | None, str | None]]:
    """What is shown of a contact."""
    [example] = [example for example in found.progress.examples if example.key == key]
    return example.values


def test_what_nobody_touched_is_equal(sync: Sync) -> None:
    """Every contact is read back, a hundred a call, and each year is searched once for strangers."""
    synced(sync, y2001=names(250), y2002=names(30))
    found: list[Reconciliation] = []

    calls = calls_of(sync.hubspot, lambda: found.append(read_back(sync)))

    assert found[0].is_equal
    assert found[0].progress.by_kind() == NOTHING
    assert {year: one.read for year, one in found[0].progress.years.items()} == {2001: 250, 2002: 30, OTHER_YEARS: 0}
    assert (calls[READ], calls[SEARCH]) == (4, 3)


def test_what_people_did_is_told_by_its_kind(sync: Sync, people: People) -> None:
    """Edited, deleted, merged and added contacts, each with what it should be and what it is."""
    synced(sync, y2001={"Anna": 5, "Emma": 6, "Mary": 7, "Zoë": 8, "Same": 1})
    emma, mary = people.id_of("2001-F-Emma"), people.id_of("2001-F-Mary")
    people.edit("2001-F-Anna", births="50", gender="")
    people.delete("2001-F-Emma")
    people.merge("2001-F-Mary", into="2001-F-Zoë")
    people.add("2001-F-Stranger")

    found = read_back(sync, 2001)

    assert not found.is_equal
    assert found.progress.by_kind() == {"edited": 1, "deleted": 1, "merged": 1, "unknown": 1}
    assert values_of(found, "2001-F-Anna") == {"births": ("5", "50"), "gender": ("F", None)}
    assert values_of(found, "2001-F-Mary") == {"hs_object_id": (mary, people.id_of("2001-F-Zoë"))}
    deleted = next(example for example in found.progress.examples if example.kind == "deleted")
    assert (deleted.key, deleted.hubspot_id, deleted.values) == ("2001-F-Emma", emma, {})
    unknown = next(example for example in found.progress.examples if example.kind == "unknown")
    assert (unknown.key, unknown.hubspot_id) == ("2001-F-Stranger", people.id_of("2001-F-Stranger"))


def test_finding_changes_nothing(sync: Sync, people: People) -> None:
    """Neither the state nor HubSpot, until a repair is asked for."""
    synced(sync, y2001={"Anna": 5, "Emma": 6})
    people.edit("2001-F-Anna", births="50")
    people.add("2001-F-Stranger")
    before = (sync.counts(), sync.hubspot.births())

    read_back(sync, 2001)

    assert (sync.counts(), sync.hubspot.births()) == before


def test_a_repair_sends_what_differs_and_nothing_else(sync: Sync, people: People) -> None:
    """Afterwards HubSpot holds the table again, in a single call, and a second reading finds nothing."""
    rows = {**names(150), "Anna": 5, "Emma": 6, "Mary": 7, "Zoë": 8}
    synced(sync, y2001=rows, y2002=names(20))
    people.edit("2001-F-Anna", births="50")
    people.delete("2001-F-Emma")
    people.merge("2001-F-Mary", into="2001-F-Zoë")

    found = read_back(sync, 2001, 2002, repair=True)
    pending = sync.counts().pending
    report = mend(sync, found)

    assert pending == 3
    assert list(report.years) == [2001]
    assert (report.years[2001].created, report.years[2001].updated) == (2, 1)
    assert {key: int(births) for key, births in sync.hubspot.births().items() if key[:4] == "2001"} == {
        f"2001-F-{name}": births for name, births in rows.items()
    }
    assert read_back(sync, 2001, 2002).is_equal


def test_a_repair_of_nothing_makes_no_call(sqlite_sync: Sync) -> None:
    """There is no year to be synced."""
    synced(sqlite_sync, y2001=names(3))
    found = read_back(sqlite_sync, 2001, repair=True)

    assert not calls_of(sqlite_sync.hubspot, lambda: mend(sqlite_sync, found))


def test_a_repair_is_planned_like_any_sync(sqlite_sync: Sync, sqlite_people: People) -> None:
    """What is found shows in the plan, and a large repair needs one."""
    synced(sqlite_sync, y2001=names(10))
    sqlite_people.edit("2001-F-Nameaa", births="50")
    sqlite_people.delete("2001-F-Nameab", "2001-F-Nameac")
    found = read_back(sqlite_sync, 2001, repair=True)

    made = plan(sqlite_sync)

    assert (made.totals.create, made.totals.update) == (2, 1)
    client = sqlite_sync.hubspot.client()
    with pytest.raises(PlanError, match="3 contacts; more than 2"):
        repair(
            sqlite_sync.engine,
            client,
            found.progress,
            run_id="test",
            options=replace(ARCHIVE, plan_required_above=2),
            on_batch=lambda _report: None,
        )
    client.close()


def test_what_the_next_sync_deals_with_is_no_drift(sync: Sync, people: People) -> None:
    """Changed, refused and removed rows, and contacts that a lost answer left behind, are neither wrong nor unknown."""
    synced(sync, y2001={"Changed": 1, "Removed": 1, "Same": 1})
    sync.load(2001, {"Changed": 2, "Same": 1, "Unsent": 1, "Refused": 1})
    people.add("2001-F-Unsent")
    people.edit("2001-F-Changed", births="77")
    people.edit("2001-F-Removed", births="77")
    sync.hubspot.order(kind="conflict", path="/batch/upsert", contains="2001-F-Refused", times=1000)

    before_the_sync = read_back(sync, 2001)
    push(sync, 2001)
    after_it = read_back(sync, 2001)

    assert before_the_sync.is_equal
    assert before_the_sync.progress.years[2001].read == 1
    assert after_it.is_equal
    assert after_it.progress.years[2001].read == 3
    assert sync.counts().refused == 1


def test_a_key_that_was_edited_is_found_twice(sync: Sync, people: People) -> None:
    """The row's contact carries another key now, which belongs to no row."""
    synced(sync, y2001={"Anna": 5, "Emma": 6})
    people.edit("2001-F-Anna", baby_name_key="2001-F-Annette")

    found = read_back(sync, 2001)

    assert found.progress.by_kind() == {**NOTHING, "edited": 1, "unknown": 1}
    assert values_of(found, "2001-F-Anna") == {"baby_name_key": ("2001-F-Anna", "2001-F-Annette")}


def test_a_contact_that_was_made_anew_by_hand_counts_as_merged(sync: Sync, people: People) -> None:
    """Its key leads to another id than the one that was confirmed; a repair records the new one."""
    synced(sync, y2001={"Anna": 5})
    people.delete("2001-F-Anna")
    people.add("2001-F-Anna", firstname="Anna", gender="F", births="5")

    found = read_back(sync, 2001, repair=True)
    mend(sync, found)

    assert found.progress.by_kind() == {**NOTHING, "merged": 1}
    assert read_back(sync, 2001).is_equal


def test_a_number_that_hubspot_writes_in_another_way_is_the_same(sqlite_sync: Sync, sqlite_people: People) -> None:
    """9291.0 is 9291; a name that reads like a number is no number."""
    synced(sqlite_sync, y2001={"Anna": 9291, "Infinity": 3})
    sqlite_people.edit("2001-F-Anna", births="9291.0", birth_year="2001.0")
    sqlite_people.edit("2001-F-Infinity", firstname="inf")

    found = read_back(sqlite_sync, 2001)

    assert found.progress.by_kind() == {**NOTHING, "edited": 1}
    assert values_of(found, "2001-F-Infinity") == {"firstname": ("Infinity", "inf")}


def test_many_deletions_cost_no_call_each(sqlite_sync: Sync, sqlite_people: People) -> None:
    """A few are looked up by their ids, to tell a merge; a hundred were hardly merged."""
    synced(sqlite_sync, y2001=names(100))
    sqlite_people.delete(*(f"2001-F-{name}" for name in list(names(100))[: MOST_LOOKED_UP + 1]))
    found: list[Reconciliation] = []

    calls = calls_of(sqlite_sync.hubspot, lambda: found.append(read_back(sqlite_sync, 2001)))

    assert found[0].progress.by_kind() == {**NOTHING, "deleted": MOST_LOOKED_UP + 1}
    assert calls.total() == 5 + 1 + 1
    assert len(found[0].progress.examples) == EXAMPLES


def test_strangers_are_found_page_by_page_in_every_year(sync: Sync, people: People) -> None:
    """More than a page of them, in a year of rows, in one without, and in years that nobody asked for."""
    synced(sync, y2001=names(30), y2003=names(5))
    people.add(*(f"2001-F-Stranger{number}" for number in range(450)))
    people.add("2002-M-Stranger", "1999-F-Stranger")
    people.add("no key of ours", birth_year="2003")
    people.add("2050-F-Ageless", birth_year="")

    found = read_back(sync)

    assert {year: one.unknown for year, one in found.progress.years.items()} == {2001: 450, 2002: 1, 2003: 1, 0: 2}
    assert len(found.progress.examples) == EXAMPLES
    assert read_back(sync, 2003).progress.by_kind() == {**NOTHING, "unknown": 1}


def test_strangers_are_archived_only_when_it_is_asked_for(sync: Sync, people: People) -> None:
    """The contacts of rows stay; a repair alone leaves strangers alone."""
    synced(sync, y2001=names(300))
    people.add(*(f"2001-F-Stranger{number}" for number in range(250)))

    read_back(sync, 2001, repair=True)
    kept = len(sync.hubspot.births())
    found = read_back(sync, 2001, archive_unknown=True)

    assert kept == 550
    assert found.progress.years[2001].archived == 250
    assert set(sync.hubspot.births()) == {f"2001-F-{name}" for name in names(300)}
    assert read_back(sync, 2001).is_equal


def test_a_warehouse_that_knows_little_archives_nothing(sync: Sync, people: People) -> None:
    """A command that was pointed at the wrong warehouse must not empty the account."""
    synced(sync, y2001=names(10))
    people.add(*(f"2001-F-Stranger{number}" for number in range(30)))
    people.add(*(f"1999-F-Stranger{number}" for number in range(50)))

    found = read_back(sync, archive_unknown=True)

    assert found.progress.not_archived == [2001, OTHER_YEARS]
    assert found.progress.totals().unknown == 80
    assert found.progress.totals().archived == 0
    assert len(sync.hubspot.births()) == 90


def test_only_some_years_are_read(sqlite_sync: Sync, sqlite_people: People) -> None:
    """What was done in others is not looked at."""
    synced(sqlite_sync, y2001=names(3), y2002=names(3), y2003=names(3))
    for year in (2001, 2002, 2003):
        sqlite_people.edit(f"{year}-F-Nameaa", births="99")

    found = read_back(sqlite_sync, 2002, 2003, repair=True)

    assert {year: one.edited for year, one in found.progress.years.items()} == {2002: 1, 2003: 1}
    assert sqlite_sync.counts().pending == 2


def test_a_reading_that_the_day_is_too_short_for_goes_on_the_next_day(sync: Sync, people: People) -> None:
    """Nothing is read twice, and what was found before counts; only finished runs begin anew."""
    synced(sync, y2001=names(600), y2002=names(600))
    people.edit("2001-F-Nameaa", births="99")
    people.edit("2002-F-Nameaa", births="99")
    sync.hubspot.order(kind="daily", path="/batch/read", skip=8, times=1000)

    paused = read_back(sync, 2001, 2002, requests_in_flight=1)
    sync.hubspot.end_faults()
    found: list[Reconciliation] = []
    calls = calls_of(sync.hubspot, lambda: found.append(read_back(sync, 2001, 2002)))
    again = read_back(sync, 2001, 2002)

    assert paused.paused_until is not None
    assert not paused.is_equal
    assert {year: one.read for year, one in paused.progress.years.items()} == {2001: 600, 2002: 200}
    assert (paused.progress.year, paused.is_resumed) == (2002, False)
    assert calls[READ] == 4
    assert (found[0].is_resumed, again.is_resumed) == (True, False)
    assert {year: (one.read, one.edited) for year, one in found[0].progress.years.items()} == {
        2001: (600, 1),
        2002: (600, 1),
    }


def test_a_reading_can_begin_anew(sqlite_sync: Sync) -> None:
    """When a person says so, what was left is not gone on with."""
    synced(sqlite_sync, y2001=names(600))
    sqlite_sync.hubspot.order(kind="daily", path="/batch/read", skip=4, times=1000)
    read_back(sqlite_sync, 2001, requests_in_flight=1)
    sqlite_sync.hubspot.end_faults()

    found = read_back(sqlite_sync, 2001, from_start=True)

    assert not found.is_resumed
    assert found.progress.years[2001].read == 600


def test_other_questions_are_readings_of_their_own(sqlite_sync: Sync) -> None:
    """A repair does not go on from a mere look: what that found was never marked."""
    synced(sqlite_sync, y2001=names(600))
    sqlite_sync.hubspot.order(kind="daily", path="/batch/read", skip=4, times=1000)
    read_back(sqlite_sync, 2001, requests_in_flight=1)
    sqlite_sync.hubspot.end_faults()

    found = read_back(sqlite_sync, 2001, repair=True)

    assert not found.is_resumed
    assert found.progress.years[2001].read == 600


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 503}, {"kind": "missing_scopes"}])
def test_a_reading_that_fails_goes_on_from_there(sync: Sync, people: People, fault: dict[str, object]) -> None:
    """Also in the search for strangers, which goes on behind the last page; what was archived stays counted."""
    synced(sync, y2001=names(600), y2002=names(3))
    people.add(*(f"2001-F-Stranger{number}" for number in range(250)))
    sync.hubspot.order(path="/search", skip=1, times=1000, **fault)

    with pytest.raises((RetryableError, FatalError)):
        read_back(sync, 2001, 2002, archive_unknown=True)
    sync.hubspot.end_faults()
    found: list[Reconciliation] = []
    calls = calls_of(sync.hubspot, lambda: found.append(read_back(sync, 2001, 2002, archive_unknown=True)))

    assert found[0].is_resumed
    assert calls[READ] == 1 + 2 + 1  # the strangers of two pages, and the year that follows
    assert found[0].progress.years[2001].read == 600
    assert found[0].progress.years[2001].archived == found[0].progress.years[2001].unknown == 250
    assert len(sync.hubspot.births()) == 603


def test_a_signal_stops_a_reading_and_the_next_one_goes_on(sqlite_sync: Sync) -> None:
    """What was answered is kept: only what was not read yet is asked for again."""
    synced(sqlite_sync, y2001=names(600))
    sqlite_sync.hubspot.order(kind="slow", path="/batch/read", skip=2, delay=0.3, times=1)
    terminate = threading.Thread(target=terminate_after, args=(sqlite_sync.hubspot, 3))

    terminate.start()
    with raising_on_sigterm(), pytest.raises(TerminatedError):
        read_back(sqlite_sync, 2001, requests_in_flight=1)
    terminate.join()
    found: list[Reconciliation] = []
    calls = calls_of(sqlite_sync.hubspot, lambda: found.append(read_back(sqlite_sync, 2001)))

    assert found[0].is_resumed
    assert (calls[READ], found[0].progress.years[2001].read) == (3, 600)


def terminate_after(hubspot: Emulated, reads: int) -> None:
    """Send SIGTERM to this process when so many reads have come to HubSpot."""
    while hubspot.stats()["by_path"].get(READ, 0) < reads:
        time.sleep(0.005)
    os.kill(os.getpid(), signal.SIGTERM)


def test_answers_behind_a_failed_one_are_not_lost_to_the_count(sqlite_sync: Sync) -> None:
    """Batches answer in any order; the next run begins at the first that has no answer, and no contact counts twice."""
    synced(sqlite_sync, y2001=names(600))
    first = next(iter(names(600)))
    sqlite_sync.hubspot.order(kind="status", status=503, path="/batch/read", contains=f"2001-F-{first}", times=6)

    with pytest.raises(RetryableError):
        read_back(sqlite_sync, 2001, requests_in_flight=6)
    found = read_back(sqlite_sync, 2001)

    assert found.is_resumed
    assert found.progress.years[2001].read == 600


def test_what_a_sync_writes_while_it_is_read_is_no_drift(sync: Sync) -> None:
    """HubSpot is asked before the sync, and answers after it: the state says that it was written since."""
    synced(sync, y2001={"Anna": 5})
    sync.hubspot.order(kind="slow", path="/batch/read", delay=1.0)
    found: list[Reconciliation] = []
    reading = threading.Thread(target=lambda: found.append(read_back(sync, 2001, repair=True)))

    reading.start()
    while not sync.hubspot.stats()["by_path"].get(READ):
        pass
    sync.load(2001, {"Anna": 6})
    push(sync, 2001)
    reading.join(timeout=30)

    assert found[0].is_equal
    assert sync.counts().pending == 0


def test_a_row_that_changes_while_it_is_read_is_left_to_the_next_sync(sync: Sync, people: People) -> None:
    """It was edited in HubSpot and changed in the table: it is drift, and marked once."""
    synced(sync, y2001={"Anna": 5})
    people.edit("2001-F-Anna", births="50")

    found = read_back(sync, 2001, repair=True)
    sync.load(2001, {"Anna": 6})
    mend(sync, found)

    assert sync.hubspot.births() == {"2001-F-Anna": "6"}


def test_a_search_that_lags_behind_invents_no_strangers(sqlite_engine: Engine) -> None:
    """It still shows a contact that was archived, and that the state has forgotten: read by its key it is gone."""
    with emulated_hubspot(search_lag=3600, calls_per_window=0, searches_per_second=0) as lagging:
        client = lagging.client()
        sync = Sync(sqlite_engine, lagging, client)
        synced(sync, y2001={"Anna": 5, "Emma": 6, "Mary": 7})
        lagging.forward(3601)
        sync.load(2001, {"Emma": 6, "Mary": 7})
        push(sync, 2001)
        groups = unknown.of_year(2001)

        found = read_back(sync, 2001, archive_unknown=True)

        assert client.search(groups, []).total == 3
        assert found.is_equal
        client.close()


def test_progress_is_told(sqlite_sync: Sync) -> None:
    """For a person who waits."""
    synced(sqlite_sync, y2001=names(250))
    told: list[int] = []
    client = sqlite_sync.hubspot.client()

    reconcile(
        sqlite_sync.engine,
        client,
        (2001, 2001),
        options=ALL,
        on_read=lambda progress: told.append(progress.totals().read),
    )
    client.close()

    assert told == sorted(told)
    assert told[-1] == 250


def test_a_sample_reads_a_few_and_finds_what_it_reads(sync: Sync, people: People) -> None:
    """Of three years, a call a hundred; strangers are not looked for."""
    synced(sync, y2001=names(120), y2002=names(120), y2003=names(5))
    for name in names(120):
        people.edit(f"2002-F-{name}", births="99")
    people.add("2001-F-Stranger")
    client = sync.hubspot.client()

    def look() -> None:
        found = read_sample(sync.engine, client, [2001, 2002, 2003], size=150, rng=Random(1))  # noqa: S311 - a sample
        assert found.totals().read == 150
        assert found.totals().drift == found.years[2002].edited == found.years[2002].read > 50
        assert found.years[2001].drift == 0

    calls = calls_of(sync.hubspot, look)
    client.close()

    assert calls == {READ: 2}


def test_an_empty_warehouse_is_not_read_back(sqlite_sync: Sync) -> None:
    """Every contact would be unknown to it; nothing is asked of HubSpot."""

    def refused() -> None:
        with pytest.raises(FatalError, match="nothing to read back"):
            read_back(sqlite_sync)

    assert not calls_of(sqlite_sync.hubspot, refused)


def test_a_sample_of_nothing_makes_no_call(sqlite_sync: Sync) -> None:
    """Nothing was synced yet, or none is wanted."""
    sqlite_sync.load(2001, names(3))

    def look() -> None:
        found = read_sample(sqlite_sync.engine, sqlite_sync.client, [2001], size=10, rng=Random(1))  # noqa: S311
        assert found.totals().read == 0

    assert not calls_of(sqlite_sync.hubspot, look)


deeds = st.lists(
    st.tuples(st.sampled_from(["edit", "delete", "merge", "add"]), st.sampled_from(list(names(10)))), max_size=8
)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deeds=deeds)
def test_whatever_people_do_a_repair_brings_hubspot_back(
    sqlite_sync: Sync, sqlite_people: People, deeds: list[tuple[str, str]]
) -> None:
    """After reading back with a repair HubSpot equals the table, whatever was done and in whatever order."""
    sqlite_sync.load(1999, names(10))
    push(sqlite_sync, 1999)
    for deed, name in deeds:
        there = sqlite_sync.hubspot.births()
        key = f"1999-F-{name}"
        others = sorted(one for one in there if one not in (key, "1999-F-Somebody"))
        if deed == "add":
            sqlite_people.add("1999-F-Somebody")
        elif key in there and deed == "edit":
            sqlite_people.edit(key, births="1234")
        elif key in there and deed == "delete":
            sqlite_people.delete(key)
        elif key in there and others:
            sqlite_people.merge(key, into=others[0])

    mend(sqlite_sync, read_back(sqlite_sync, 1999, repair=True, archive_unknown=True))

    assert sqlite_sync.hubspot.births() == {f"1999-F-{name}": str(births) for name, births in names(10).items()}
    assert read_back(sqlite_sync, 1999).is_equal
