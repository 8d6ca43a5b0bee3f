"""Tests of a push that ends before all is done: a spent day, a signal, another sync; and of the one that goes on."""

import datetime as dt
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from babynames_assets.errors import FatalError, PausedError, RetryableError
from babynames_assets.sync.leases import LeaseError, LeaseTerms
from babynames_assets.sync.push import push_years
from babynames_assets.sync.report import PushReport, YearPush
from babynames_assets.warehouse import sync_pauses
from babynames_assets.warehouse.engine import connect
from babynames_assets.warehouse.tables import sync_leases
from babynames_assets.warehouse.tables import sync_pauses as pauses
from babynames_assets_tests.hubspot.free_pace import TOMORROW, FreeBooks, free_pace
from babynames_assets_tests.sync.conftest import ARCHIVE, Sync
from babynames_assets_tests.sync.test_push import names
from babynames_assets_tests.sync.test_stopping import TerminatedError, raising_on_sigterm

UPSERT = "/batch/upsert"


def paused(sync: Sync) -> dict[int, dt.datetime]:
    """The years that wait, and until when."""
    with connect(sync.engine) as connection:
        return {row.year: row.until_at for row in connection.execute(pauses.select())}


def redundant(sync: Sync) -> int:
    """Contacts that were written although HubSpot held them so already."""
    return int(sync.hubspot.stats()["writes"]["redundant"])


def test_a_spent_day_pauses_the_push_without_an_error(sync: Sync) -> None:
    """What was answered before is recorded; the report and the warehouse say until when the rest waits."""
    for year in (2001, 2002, 2003):
        sync.load(year, names(200))
    sync.hubspot.order(kind="daily", path=UPSERT, skip=3, times=1000)

    with capture_logs() as logs:
        report = sync.push(2001, 2002, 2003)

    assert report.paused_until == TOMORROW
    counts = sync.counts()
    assert report.contacts == counts.synced == len(sync.hubspot.births()) == 300
    assert counts.pending == 300
    assert paused(sync).keys() == {2002, 2003}
    [line] = [line for line in logs if line["event"] == "sync_paused"]
    assert (line["years"], line["contacts"], line["until"]) == ([2002, 2003], 300, report.paused_until.isoformat())


def test_the_push_after_a_pause_sends_the_rest_and_ends_it(sync: Sync) -> None:
    """Nothing that was answered is sent again, and no year waits any more."""
    sync.load(2001, names(250))
    sync.hubspot.order(kind="daily", path=UPSERT, skip=1, times=1000)
    sync.push(2001)
    sync.hubspot.end_faults()

    report = sync.push(2001)

    assert report.paused_until is None
    assert report.years == {2001: YearPush(created=150)}
    assert paused(sync) == {}
    assert redundant(sync) == 0


def test_a_day_that_is_spent_before_the_push_begins_pauses_it_too(sqlite_sync: Sync) -> None:
    """The very first call learns it; every year of the push waits."""
    sqlite_sync.load(2001, names(3))
    sqlite_sync.load(2002, names(3))
    sqlite_sync.hubspot.order(kind="daily", times=1000)

    report = sqlite_sync.push(2001, 2002)

    assert (report.contacts, report.paused_until is not None) == (0, True)
    assert paused(sqlite_sync).keys() == {2001, 2002}


def test_a_pause_notes_the_years_that_have_something_left(sqlite_sync: Sync) -> None:
    """2001 is done before, 2003 has only a contact to archive, which waits too."""
    for year in (2001, 2002, 2003):
        sqlite_sync.load(year, names(100))
        sqlite_sync.push(year)
    sqlite_sync.load(2002, names(100, births=11))
    sqlite_sync.load(2003, names(99))
    sqlite_sync.hubspot.order(kind="daily", path=UPSERT, times=1000)

    sqlite_sync.push(2001, 2002, 2003)

    assert paused(sqlite_sync).keys() == {2002, 2003}


def test_a_day_that_ends_while_contacts_are_archived_pauses_too(sync: Sync) -> None:
    """The contacts stay in doubt; the next push looks for them, and archives them."""
    sync.load(2001, names(100))
    sync.push(2001)
    sync.load(2001, names(60))
    sync.hubspot.order(kind="daily", path="/batch/archive", times=1000)

    report = sync.push(2001)
    sync.hubspot.end_faults()
    again = sync.push(2001)

    assert report.paused_until is not None
    assert again.years == {2001: YearPush(archived=40)}
    assert len(sync.hubspot.births()) == sync.counts().recorded == 60


class ForgetfulBooks(FreeBooks):
    """Books that cannot be told of a pause."""

    def pause(self, reason: str, seconds: float | None = None) -> PausedError:
        """The warehouse does not answer at this moment."""
        raise RetryableError(f"{reason} ({seconds}): cannot be written down")


def test_a_pause_whose_end_nobody_knows_is_tried_again_soon(sync: Sync) -> None:
    """HubSpot says that the day is spent, and the account's midnight cannot be looked up: an hour is waited for."""
    sync.load(2001, names(3))
    sync.hubspot.order(kind="daily", path=UPSERT, times=1000)
    began = dt.datetime.now(dt.UTC)

    report = sync.push(2001, pace=free_pace(ForgetfulBooks()))

    assert report.paused_until is not None
    assert began <= report.paused_until - dt.timedelta(hours=1) <= dt.datetime.now(dt.UTC)
    assert paused(sync).keys() == {2001}
    assert sync.counts().pending == 3


@pytest.mark.parametrize("seed", range(40))
def test_a_signal_at_any_moment_loses_nothing_and_sends_nothing_twice(sqlite_sync: Sync, seed: int) -> None:
    """SIGTERM while batches are read, sent, or recorded: what HubSpot has answered is recorded, the rest is pending."""
    sqlite_sync.load(2001, names(600))
    sqlite_sync.hubspot.order(kind="slow", path=UPSERT, delay=0.02, rate=1.0)
    at_once = replace(ARCHIVE, lease=LeaseTerms(seconds=600, wait=0))
    terminate = threading.Timer(
        random.Random(seed).uniform(0.0, 0.15),  # noqa: S311 - guards no secret
        lambda: os.kill(os.getpid(), signal.SIGTERM),
    )

    with raising_on_sigterm(), suppress(TerminatedError):
        terminate.start()
        sqlite_sync.push(2001, options=at_once)
        terminate.join()

    counts = sqlite_sync.counts()
    assert counts.synced == len(sqlite_sync.hubspot.births())
    assert counts.synced + counts.pending == 600
    sqlite_sync.push(2001, options=at_once)
    assert sqlite_sync.counts().synced == len(sqlite_sync.hubspot.births()) == 600
    assert redundant(sqlite_sync) == 0


def test_a_signal_ends_a_push_that_waits_for_another_one(sqlite_sync: Sync) -> None:
    """It need not wait for five minutes."""
    sqlite_sync.load(2001, names(3))
    with sqlite_sync.engine.begin() as connection:
        row = {"year": 2001, "holder": "another", "held_by": "another", "expires_at": dt.datetime(2126, 1, 1)}  # noqa: DTZ001 - as the tables store moments
        connection.execute(sync_leases.insert().values(row))
    threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGTERM)).start()
    began = time.monotonic()

    with raising_on_sigterm(), pytest.raises(TerminatedError):
        sqlite_sync.push(2001, options=replace(ARCHIVE, lease=LeaseTerms(seconds=600, wait=300)))

    assert time.monotonic() - began < 10
    assert sqlite_sync.hubspot.stats()["requests"] == 0


def test_a_signal_waits_no_longer_than_it_may(sync: Sync) -> None:
    """HubSpot hangs: the process ends all the same, the batch is in doubt, and the years stay held for a while.

    HubSpot may still act on what was sent, so nobody else writes these years until the lease ends by itself.
    """
    sync.load(2001, names(10))
    sync.hubspot.order(kind="slow", path=UPSERT, delay=3, times=1)
    options = replace(ARCHIVE, stop_seconds=0.1, lease=LeaseTerms(seconds=60, wait=0))

    def terminate() -> None:
        until(lambda: sync.hubspot.upserts() == 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=terminate).start()
    began = time.monotonic()
    with raising_on_sigterm(), capture_logs() as logs, pytest.raises(TerminatedError):
        sync.push(2001, options=options)

    assert time.monotonic() - began < 3
    assert {"batches_left_in_doubt", "sync_stopped"} <= {line["event"] for line in logs}
    with pytest.raises(LeaseError):
        sync.push(2001, options=options)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens elsewhere."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_two_pushes_of_one_year_do_not_mix(sync: Sync) -> None:
    """Both at once: the second begins when the first has ended, and finds nothing left to do."""
    sync.load(2001, names(500))
    sync.hubspot.order(kind="slow", path=UPSERT, delay=0.05, rate=1.0)
    reports = []

    def push() -> None:
        reports.append(sync.push(2001))

    threads = [threading.Thread(target=push) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(report.contacts for report in reports) == [0, 500]
    assert sync.hubspot.stats()["max_writes_of_a_contact"] == 1
    assert sync.counts().synced == 500


def test_pushes_of_different_years_work_side_by_side(sync: Sync) -> None:
    """Neither waits for the other: both have requests under way at the same time."""
    sync.load(2001, names(100))
    sync.load(2002, names(100))
    sync.push(2001, 2002)
    sync.load(2001, names(100, births=2))
    sync.load(2002, names(100, births=2))
    gate = threading.Barrier(2, timeout=30)
    clients = [sync.hubspot.client() for _ in range(2)]

    def meet(_report: PushReport) -> None:
        gate.wait()

    def push(year: int) -> None:
        push_years(
            sync.engine,
            clients[year - 2001],
            [year],
            run_id=f"run {year}",
            options=replace(ARCHIVE, lease=LeaseTerms(seconds=60, wait=0)),
            on_batch=meet,
        )

    threads = [threading.Thread(target=push, args=(year,)) for year in (2001, 2002)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sync.counts().synced == 200
    for client in clients:
        client.close()


def test_a_push_that_lost_its_years_sends_nothing_more_and_takes_back_what_it_sent(sync: Sync) -> None:
    """It was frozen in the middle, and another one took over: its batch is in doubt, and the next push sends it."""
    sync.load(2001, names(400))
    frozen = replace(ARCHIVE, requests_in_flight=1, lease=LeaseTerms(seconds=60, wait=0))
    stolen = threading.Event()

    def steal(_report: object) -> None:
        if not stolen.is_set():
            stolen.set()
            with sync.engine.begin() as connection:
                connection.execute(sync_leases.update().values(holder="another"))

    with pytest.raises(LeaseError, match="another one took its years"):
        push_years(sync.engine, sync.client, [2001], run_id="frozen", options=frozen, on_batch=steal)

    recorded = sync.counts().synced
    assert sync.hubspot.upserts() * 100 - recorded <= 100
    with sync.engine.begin() as connection:
        connection.execute(sync_leases.update().values(holder=""))
    sync.push(2001)
    assert sync.counts().synced == len(sync.hubspot.births()) == 400


def test_a_push_gives_its_years_back_when_it_fails(sync: Sync) -> None:
    """The next run need not wait for the lease to end."""
    sync.load(2001, names(10))
    sync.hubspot.order(kind="missing_scopes", path=UPSERT)
    at_once = replace(ARCHIVE, lease=LeaseTerms(seconds=600, wait=0))

    with pytest.raises(FatalError):
        sync.push(2001, options=at_once)

    assert sync.push(2001, options=at_once).contacts == 10


def test_a_pause_is_over_for_the_sensor_when_its_moment_has_come(sync: Sync) -> None:
    """The year is told of once its day has begun, and no more after it was pushed."""
    sync.load(2001, names(3))
    sync.hubspot.order(kind="daily", path=UPSERT, times=1000)
    sync.push(2001)
    sync.hubspot.end_faults()

    def over() -> list[int]:
        with connect(sync.engine) as connection:
            return list(sync_pauses.over(connection))

    waits = over()
    with sync.engine.begin() as connection:
        connection.execute(pauses.update().values(until_at=dt.datetime(2026, 1, 1)))  # noqa: DTZ001 - UTC
    comes = over()
    sync.push(2001)

    assert (waits, comes, over()) == ([], [2001], [])
