"""Bring HubSpot to the warehouse by difference: upsert what is new or changed, archive what has gone.

A contact is in doubt from before its batch is sent until HubSpot's answer is recorded, right after it came. A run that
dies half-way leaves at most so many contacts in doubt as were read, and those that were sent are sent a second time; an
upsert that changes nothing is harmless.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

import structlog

from babynames_assets.errors import PausedError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.sync.changes import Push, archive_removed, upsert_changed
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.sync.leases import Lease
from babynames_assets.sync.report import PushOptions, PushReport, YearPush
from babynames_assets.sync.set_aside import BatchesLeftError
from babynames_assets.sync.stopping import Stop, run_stoppable
from babynames_assets.warehouse import ledger, sync_pauses, sync_pieces, synced_years
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction

_log = structlog.get_logger(__name__)

_PAUSE_OF_UNKNOWN_LENGTH = dt.timedelta(hours=1)


def push_years(
    engine: Engine,
    client: HubSpotClient,
    years: Sequence[int],
    *,
    run_id: str,
    options: PushOptions,
    on_batch: Callable[[PushReport], None],
) -> PushReport:
    """Bring the contacts of some years to what the warehouse holds.

    When the calls of the day are spent it stops without an error; the report says until when, and the years are noted
    as paused. An exception from outside in the caller's thread, such as that of a signal, stops it too: what was sent
    is waited for and recorded first.

    Args:
        engine: the warehouse.
        client: HubSpot.
        years: the partitions to bring up to date.
        run_id: the Dagster run, for whoever waits for the same years.
        options: see PushOptions.
        on_batch: called after outcomes are recorded, for progress, in a thread of the push.

    Raises:
        LeaseError: another sync holds one of the years, or took it.
        BatchesLeftError: HubSpot could not answer some of the batches; everything else is done.
        RetryableError: HubSpot or the warehouse cannot answer now.
        FatalError: a person has to change something. Where too many contacts would be archived, the upserts are done
            and nothing is archived.
    """
    report = PushReport({year: YearPush() for year in sorted(years)})

    def push(stop: Stop) -> PushReport:
        lease = Lease(engine, list(report.years), options.lease)
        _push(Push(engine, client, lease, options, report, on_batch, stop), run_id)
        return report

    return run_stoppable(push, stop_seconds=options.stop_seconds)


def _push(push: Push, run_id: str) -> None:
    with _held(push, run_id):
        contents = run_in_transaction(push.engine, partial(_begin, years=list(push.report.years)))
        try:
            _bring_up_to_date(push)
        except PausedError as error:
            push.report.paused_until = _pause(push, error, contents)
        else:
            run_in_transaction(push.engine, partial(_finish, years=list(push.report.years), contents=contents))


def _begin(connection: Connection, years: Sequence[int]) -> dict[int, str]:
    """Note that the years are no longer known to be whole in HubSpot; returns the content that they have now."""
    synced_years.forget(connection, years)
    loaded = ledger.current(connection)
    return {year: loaded[year].digest for year in years if year in loaded}


def _finish(connection: Connection, years: Sequence[int], contents: Mapping[int, str]) -> None:
    """Note what HubSpot holds whole: the content from when the sync began, since a load may have followed."""
    sync_pauses.end(connection, years)
    synced_years.enter(connection, contents, MAPPING)


def _bring_up_to_date(push: Push) -> None:
    left: BatchesLeftError | None = None
    try:
        upsert_changed(push)
    except BatchesLeftError as error:
        left = error  # what has gone need not wait for them
    if push.options.removed_contacts == "archive":
        archive_removed(push)
    if left:
        raise left


@contextmanager
def _held(push: Push, run_id: str) -> Iterator[None]:
    try:
        push.lease.take(run_id, sleep=push.stop.sleep)
        yield
    except BaseException as error:
        _log.warning("sync_stopped", contacts=push.report.contacts, reason=str(error) or type(error).__name__)
        raise
    finally:
        # HubSpot may still act on what has no answer: then nobody else may write these years until the lease ends.
        if not push.under_way:
            push.lease.give_back()


def _pause(push: Push, error: PausedError, contents: Mapping[int, str]) -> dt.datetime:
    """Note which years wait, and until when; the others are done."""
    until = error.until or dt.datetime.now(dt.UTC) + _PAUSE_OF_UNKNOWN_LENGTH
    years = list(push.report.years)
    with connect(push.engine) as connection:
        waiting = sync_pieces.unfinished_years(connection, years, MAPPING)
    done = {year: digest for year, digest in contents.items() if year not in waiting}

    def note(connection: Connection) -> None:
        _finish(connection, years, done)
        sync_pauses.pause(connection, waiting, until)

    run_in_transaction(push.engine, note)
    _log.warning(
        "sync_paused",
        until=until.isoformat(),
        years=waiting,
        contacts=push.report.contacts,
        reason=str(error),
    )
    return until
