"""Tests of babynames sync as a process: what it prints, how it ends."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from babynames_assets.warehouse import sync_leases
from babynames_assets.warehouse.engine import Engine, run_in_transaction
from babynames_assets_tests.cli.test_command import Command
from babynames_assets_tests.hubspot.emulated import TOKEN, Emulated, emulated_hubspot
from babynames_assets_tests.warehouse.frames import load


@dataclass
class Office:
    """A warehouse, a HubSpot, and the command that knows both."""

    engine: Engine
    hubspot: Emulated
    babynames: Command

    def load(self, year: int, **births: int) -> None:
        """Make a year hold these girls' names."""
        load(self.engine, year, *(("F", name, number) for name, number in births.items()))

    def document(self, *arguments: str) -> dict[str, Any]:
        """What a command prints as JSON."""
        finished = self.babynames(*arguments, "--json")
        assert finished.returncode == 0, finished.stderr
        printed: dict[str, Any] = json.loads(finished.stdout)
        return printed


@pytest.fixture(scope="module")
def running_hubspot() -> Iterator[Emulated]:
    """One emulator for all tests of the command."""
    with emulated_hubspot(daily_limit=10**9) as emulated:
        yield emulated


@pytest.fixture
def office(engine: Engine, running_hubspot: Emulated, tmp_path: Path) -> Office:
    """A warehouse on SQLite, MySQL and MariaDB in turn, and an empty HubSpot."""
    return open_office(engine, running_hubspot, tmp_path)


@pytest.fixture
def sqlite_office(sqlite_engine: Engine, running_hubspot: Emulated, tmp_path: Path) -> Office:
    """The same on SQLite alone, where the database makes no difference."""
    return open_office(sqlite_engine, running_hubspot, tmp_path)


def open_office(engine: Engine, hubspot: Emulated, folder: Path) -> Office:
    """An empty HubSpot, and a command that knows it and the warehouse."""
    hubspot.reset()
    command = Command(folder)
    command.environment |= {
        "BABYNAMES_WAREHOUSE__URL": engine.url.render_as_string(hide_password=False),
        "BABYNAMES_HUBSPOT__BASE_URL": hubspot.url,
        "BABYNAMES_HUBSPOT__TOKEN": TOKEN,
        "BABYNAMES_HUBSPOT__TIER": "api_limit_increase",
    }
    return Office(engine, hubspot, command)


def test_a_plan_is_shown_and_then_carried_out_by_its_id(office: Office) -> None:
    """From the first look to the last contact, as a person does it."""
    office.load(2001, Mary=9, Anna=5)
    office.load(2002, Mary=8)

    shown = office.babynames("sync", "plan")
    [plan_id] = re.findall(r"babynames sync run --years 2001-2002 --plan (\w{8})", shown.stdout)
    done = office.babynames("sync", "run", "--years", "2001-2002", "--plan", plan_id)
    again = office.babynames("sync", "run", "--plan", plan_id)
    nothing = office.babynames("sync", "run")

    assert shown.returncode == 0, shown.stderr
    assert f"Plan {plan_id} for 2001-2002" in shown.stdout
    assert "6 calls (5 schema, 1 upsert): 0.0% of the 2,000,000 a day of tier api_limit_increase" in shown.stdout
    assert "create 2001 'F' 'Anna': 5 births" in shown.stdout
    assert done.returncode == 0, done.stderr
    assert "3 of 3 contacts answered" in done.stderr
    assert len(office.hubspot.births()) == 3
    assert again.returncode == 1
    assert f"The plan {plan_id} was carried out" in again.stderr
    assert "Traceback" not in again.stderr
    assert "Nothing to do" in nothing.stdout


def test_the_plan_as_json_has_everything(sqlite_office: Office) -> None:
    """Counts by year and in total, calls, share of the day, time, and both births of an update."""
    office = sqlite_office
    office.load(2001, Mary=9, Anna=5)
    office.document("sync", "run")
    office.load(2001, Mary=10, Zoë=1)

    made = office.document("sync", "plan", "--years", "2001")

    assert (made["first_year"], made["last_year"], len(made["plan_id"]), len(made["digest"])) == (2001, 2001, 8, 64)
    counts = {"create": 1, "update": 1, "unchanged": 0, "refused": 0, "archive": 1, "uncertain": 0, "recorded": 2}
    assert made["totals"] == made["years"]["2001"] == counts
    assert made["calls"] == {"schema": 5, "upsert": 1, "look_up": 0, "archive": 1, "total": 7}
    assert made["share_of_day"] == 7 / 2_000_000
    assert made["seconds"] == 0
    assert made["needs_plan"] == [2001]
    [update] = [example for example in made["examples"] if example["kind"] == "update"]
    assert (update["name"], update["births_in_hubspot"], update["births_in_table"]) == ("Mary", 9, 10)
    assert made["made_at"].endswith("+00:00")


def test_a_plan_shows_what_a_person_has_to_see(sqlite_office: Office) -> None:
    """Years without work are summed up; a year that would be emptied, and rows that wait, are said in words."""
    office = sqlite_office
    office.load(2001, Mary=9, Anna=5)
    office.load(2002, Mary=9, Anna=5)
    office.hubspot.order(kind="conflict", path="/batch/upsert", contains="2002-F-Anna", times=1000)
    office.document("sync", "run")
    office.load(2001, Mary=10)

    shown = office.babynames("sync", "plan").stdout

    assert "1 of 2 years have nothing to do" in shown
    assert "1 rows wait as dead letters" in shown
    assert "2001: more than 20% of the contacts would be archived. A sync without this plan refuses that." in shown
    assert "update 2001 'F' 'Mary': 9 births in HubSpot, 10 in the table" in shown
    assert "archive 2001 'F' 'Anna': 5 births in HubSpot, no row in the table" in shown
    assert "3 contacts have no row" not in shown
    kept = office.babynames("sync", "plan", BABYNAMES_HUBSPOT__REMOVED_CONTACTS="keep").stdout
    assert "1 contacts have no row any more and are kept" in kept


def test_status_says_where_each_year_stands(sqlite_office: Office) -> None:
    """Synced, pending, refused, to be removed; as a table and as JSON."""
    office = sqlite_office
    office.load(2001, Mary=9, Anna=5, Zoe=3)
    office.hubspot.order(kind="conflict", path="/batch/upsert", contains="2001-F-Anna", times=1000)
    office.document("sync", "run")
    office.load(2001, Mary=10, Anna=5)
    office.load(2002, Mary=1)

    document = office.document("sync", "status")
    shown = office.babynames("sync", "status", "--years", "2001")

    assert document["years"]["2001"] == {"synced": 0, "pending": 1, "refused": 1, "to_remove": 1}
    assert document["totals"] == {"synced": 0, "pending": 2, "refused": 1, "to_remove": 1}
    assert shown.returncode == 0
    assert "2001" in shown.stdout
    assert "2002" not in shown.stdout


def test_a_sync_that_the_day_is_too_short_for_is_paused(sqlite_office: Office) -> None:
    """Exit code 3, until when, and what is left; status tells it too, with the plan that goes on."""
    office = sqlite_office
    for year in (2001, 2002, 2004):
        office.load(year, Mary=9)
    plan_id = office.document("sync", "plan")["plan_id"]
    office.hubspot.order(kind="daily", path="/batch/upsert", times=100)

    paused = office.babynames("sync", "run", "--plan", plan_id)
    shown = office.babynames("sync", "status")
    document = office.document("sync", "status")
    office.hubspot.end_faults()
    done = office.babynames("sync", "run")

    assert paused.returncode == 3, paused.stderr
    assert "Paused: the calls of the day are spent." in paused.stdout
    assert "when the day has new calls: 2001-2002, 2004" in shown.stdout
    assert f"Plan {plan_id} for 2001-2004 is begun and not finished" in shown.stdout
    assert sorted(document["paused"]) == ["2001", "2002", "2004"]
    assert document["begun_plans"] == [plan_id]
    assert done.returncode == 0, done.stderr
    after = office.document("sync", "status")
    assert (after["paused"], after["begun_plans"], after["totals"]["synced"]) == ({}, [], 3)


def test_status_says_who_writes(sqlite_office: Office) -> None:
    """Whoever wonders why a sync waits sees for whom."""
    sqlite_office.load(2001, Mary=9)
    run_in_transaction(
        sqlite_office.engine,
        lambda connection: sync_leases.take(connection, [2001, 2002], holder="x", held_by="run 17 on host", seconds=60),
    )

    shown = sqlite_office.babynames("sync", "status").stdout

    assert "Written at this moment by run 17 on host: 2001-2002" in shown


def test_a_sync_that_needs_a_plan_says_how_to_get_one(sqlite_office: Office) -> None:
    """Exit code 1, and nothing is sent."""
    sqlite_office.load(2001, Mary=9)

    refused = sqlite_office.babynames("sync", "run", BABYNAMES_HUBSPOT__PLAN_REQUIRED_ABOVE="0")

    assert refused.returncode == 1
    assert "babynames sync plan --years 2001" in refused.stderr
    assert sqlite_office.hubspot.births() == {}


@pytest.mark.parametrize("command", ["plan", "run", "status"])
def test_an_empty_warehouse_is_a_message(sqlite_office: Office, command: str) -> None:
    """There is nothing to sync yet; the message says what comes first."""
    finished = sqlite_office.babynames("sync", command)

    assert finished.returncode == 1
    assert "materialize warehouse/baby_names first" in finished.stderr
    assert "Traceback" not in finished.stderr


def test_planning_needs_no_token(sqlite_office: Office) -> None:
    """HubSpot is not asked: a plan can be made before the account is known."""
    sqlite_office.load(2001, Mary=9)

    made = sqlite_office.babynames("sync", "plan", BABYNAMES_HUBSPOT__TOKEN="")

    assert made.returncode == 0, made.stderr
