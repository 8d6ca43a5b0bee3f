"""Tests of syncs as Dagster runs them: a spent day, the day after it, and a run that somebody ends."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg

from babynames_assets.definitions import defs
from babynames_assets.resources.warehouse import WarehouseFactory
from babynames_assets.sensors.paused_syncs import paused_syncs
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.warehouse import sync_differences
from babynames_assets.warehouse.engine import connect
from babynames_assets.warehouse.sync_differences import SyncCounts
from babynames_assets.warehouse.tables import daily_budgets, sync_pauses
from babynames_assets_tests.dagster_shell.conftest import YEARLY, Installation

CHECKOUT = Path(__file__).parents[2]
LONG_AGO = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - as the tables store moments
UPSERT = "/batch/upsert"


def load(installation: Installation) -> None:
    """Three years in the warehouse, none of them in HubSpot."""
    installation.release()
    installation.run("raw/baby_names_csv")
    installation.run(*YEARLY[:2], years=(2001, 2003))


def sync(installation: Installation, first: int = 2001, last: int = 2003) -> dg.ExecuteInProcessResult:
    """Bring HubSpot to some years in a run."""
    return installation.run("hubspot/contacts", years=(first, last))


def spend_the_day(installation: Installation) -> None:
    """HubSpot takes one batch and then no more."""
    installation.hubspot.order(kind="daily", path=UPSERT, skip=1, times=1000)


def begin_a_new_day(installation: Installation) -> None:
    """HubSpot counts anew, and all moments that were waited for are over."""
    installation.hubspot.end_faults()
    with installation.engine.begin() as connection:
        connection.execute(daily_budgets.update().values(paused_until=None, pause_reason=None, spent=0))
        connection.execute(sync_pauses.update().values(until_at=LONG_AGO))


def evaluate(installation: Installation) -> list[dg.RunRequest]:
    """Let the sensor look once, as the daemon does: the runs that it requests."""
    sensor = defs.get_repository_def().get_sensor_def(paused_syncs.name)
    with dg.build_sensor_context(
        instance=installation.instance,
        repository_def=defs.get_repository_def(),
        resources={"warehouse": WarehouseFactory()},
    ) as context:
        return list(sensor.evaluate_tick(context).run_requests or [])


def counts(installation: Installation) -> SyncCounts:
    """Where the contacts stand."""
    with connect(installation.engine) as connection:
        return sync_differences.counts(connection, None, MAPPING)


def log_of(installation: Installation, run_id: str) -> str:
    """What a person reads in the log of a run."""
    return "\n".join(record.user_message for record in installation.instance.all_logs(run_id))


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_run_whose_day_is_spent_is_a_success_that_says_so(installation: Installation) -> None:
    """In the metadata of each year, and in words: until when, how many are pending, that nobody has to do anything."""
    load(installation)
    spend_the_day(installation)

    result = sync(installation)

    assert result.success
    years = [installation.metadata("hubspot/contacts", str(year)) for year in (2001, 2002, 2003)]
    assert all(year["paused_until"] > time.time() for year in years)
    standing = counts(installation)
    synced, pending = (sum(year[name] for year in years) for name in ("synced", "pending"))
    assert (synced, pending) == (standing.synced, standing.pending)
    assert pending > 0
    said = log_of(installation, result.run_id)
    assert f"Paused, not done: the calls of the day are spent, and {pending:,} contacts are pending." in said
    assert "nobody has to do anything" in said


def test_a_run_that_is_not_paused_says_nothing_of_pauses(sqlite_installation: Installation) -> None:
    """The everyday case."""
    load(sqlite_installation)

    result = sync(sqlite_installation)

    assert "paused_until" not in sqlite_installation.metadata("hubspot/contacts", "2003")
    assert "aused" not in log_of(sqlite_installation, result.run_id)


def test_a_paused_sync_goes_on_by_itself_the_next_day(installation: Installation) -> None:
    """The sensor waits for the day, requests what is left in one run, and is quiet when that is done."""
    load(installation)
    spend_the_day(installation)
    sync(installation)
    same_day = evaluate(installation)

    begin_a_new_day(installation)
    requests = evaluate(installation)
    for request in requests:
        first, last = (request.tags[f"dagster/asset_partition_range_{end}"] for end in ("start", "end"))
        sync(installation, int(first), int(last))

    assert same_day == []
    assert len(requests) == 1
    assert counts(installation).synced == installation.rows() == len(installation.hubspot.births())
    assert installation.hubspot.stats()["writes"]["redundant"] == 0
    assert evaluate(installation) == []


def test_a_range_with_a_gap_is_two_requests(sqlite_installation: Installation) -> None:
    """What nobody asked for is not synced: 2002 was never part of it."""
    load(sqlite_installation)
    sqlite_installation.hubspot.order(kind="daily", path=UPSERT, times=1000)
    for year in (2001, 2003):
        sync(sqlite_installation, year, year)
    begin_a_new_day(sqlite_installation)

    ranges = [
        tuple(request.tags[f"dagster/asset_partition_range_{end}"] for end in ("start", "end"))
        for request in evaluate(sqlite_installation)
    ]

    assert ranges == [("2001", "2001"), ("2003", "2003")]


def test_a_pause_is_asked_for_once_and_a_second_one_again(sqlite_installation: Installation) -> None:
    """Dagster passes over a request whose key it has seen: it is the same until the years are paused anew."""
    load(sqlite_installation)
    spend_the_day(sqlite_installation)
    sync(sqlite_installation)
    begin_a_new_day(sqlite_installation)
    first, again = evaluate(sqlite_installation), evaluate(sqlite_installation)

    with sqlite_installation.engine.begin() as connection:
        connection.execute(sync_pauses.update().values(until_at=LONG_AGO + dt.timedelta(days=1)))
    second = evaluate(sqlite_installation)

    assert [request.run_key for request in first] == [request.run_key for request in again]
    assert [request.run_key for request in second] != [request.run_key for request in first]


def test_a_run_that_is_terminated_records_what_was_answered(installation: Installation, tmp_path: Path) -> None:
    """SIGTERM to the process of a run, as Dagster sends it: it ends, and the next run sends the rest and no more."""
    load(installation)
    installation.hubspot.order(kind="slow", path=UPSERT, delay=0.3, rate=1.0)
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", "babynames_assets.definitions"]
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(installation.folder),
        "BABYNAMES_HUBSPOT__REQUESTS_IN_FLIGHT": "1",
    }
    log = tmp_path / "run.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, "--select", "hubspot/contacts", "--partition-range", "2001...2003"],
            env=environment,
            cwd=CHECKOUT,
            stdout=output,
            stderr=output,
        )
        until(lambda: installation.hubspot.upserts() >= 2)
        process.send_signal(signal.SIGTERM)
        process.wait(60)

    answered = counts(installation).synced
    assert 0 < answered < installation.rows(), log.read_text()
    assert answered == len(installation.hubspot.births())
    assert "Stopped: the outcomes of" in log.read_text()
    installation.hubspot.end_faults()
    sync(installation)
    assert counts(installation).synced == installation.rows() == len(installation.hubspot.births())
    assert installation.hubspot.stats()["writes"]["redundant"] == 0
