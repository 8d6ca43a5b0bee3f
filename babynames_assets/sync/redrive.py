"""Send again what HubSpot refused and is due: each contact as the warehouse has it now, not as it was.

A letter is claimed before its contact is sent, and settled in the transaction that records HubSpot's answer. A redrive
that stops gives back what it has not tried; one that is killed loses it when its claim ends. Like a push it holds the
years that it writes; years that a push holds are left for the next redrive.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import structlog

from babynames_assets.errors import BabynamesError, PausedError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_writes import MAX_BATCH, BatchOutcome
from babynames_assets.sync.contacts import MAPPING, as_contact, contact_key, row_of_key
from babynames_assets.sync.delivery import Delivery, Means
from babynames_assets.sync.leases import Lease
from babynames_assets.sync.outcomes import ROW_HAS_GONE, record_as_holder, record_outcome
from babynames_assets.sync.report import PushOptions
from babynames_assets.sync.stopping import Stop, StopAskedError, run_stoppable
from babynames_assets.warehouse import clock, dead_letters, letter_claims, sync_state
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.letter_claims import ClaimedLetter
from babynames_assets.warehouse.sync_state import ChangedContact

_log = structlog.get_logger(__name__)

BATCHES = 20
"""So many batches are sent at most: a push of the same years waits meanwhile. The next redrive takes the rest."""


@dataclass
class RedriveReport:
    """What became of the letters that a redrive took.

    Attributes:
        accepted: HubSpot took the contact.
        refused: it did not, again.
        row_has_gone: there is nothing to send any more.
        confirmed_before: a sync had sent the row in the meantime.
        years_held: years that a push writes at this moment; their letters stay due.
        has_more: more letters are due than one redrive takes.
        is_paused: the calls of the day are spent; the rest waits.
        paused_until: until when, where that is known.
    """

    accepted: int = 0
    refused: int = 0
    row_has_gone: int = 0
    confirmed_before: int = 0
    years_held: list[int] = field(default_factory=list)
    has_more: bool = False
    is_paused: bool = False
    paused_until: dt.datetime | None = None

    @property
    def letters(self) -> int:
        """Letters of which something became."""
        return self.accepted + self.refused + self.row_has_gone + self.confirmed_before


@dataclass
class _Redrive:
    engine: Engine
    client: HubSpotClient
    lease: Lease
    options: PushOptions
    report: RedriveReport
    stop: Stop
    claimant: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class _Batch:
    """Claimed letters, told apart by what the warehouse says of their rows."""

    to_send: list[ChangedContact] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)


def redrive(
    engine: Engine,
    client: HubSpotClient,
    *,
    run_id: str,
    options: PushOptions,
    on_batch: Callable[[RedriveReport], None],
) -> RedriveReport:
    """Send what is due.

    Args:
        engine: the warehouse.
        client: HubSpot.
        run_id: the Dagster run, for whoever waits for the same years.
        options: as for a push; those of archiving mean nothing here.
        on_batch: called after outcomes are recorded, for progress.

    Raises:
        RetryableError: HubSpot or the warehouse cannot answer now; what was claimed is due again after a while.
        FatalError: a person has to change something; likewise.
    """
    report = RedriveReport()

    def send(stop: Stop) -> None:
        lease = Lease(engine, letter_claims.due_years(engine), options.lease)
        report.years_held = [held.year for held in lease.take_free(run_id)]
        if lease.years:
            _deliver(_Redrive(engine, client, lease, options, report, stop), on_batch)

    run_stoppable(send, stop_seconds=options.stop_seconds)
    _log.info("dead_letters_redriven", letters=report.letters, accepted=report.accepted, refused=report.refused)
    return report


def _deliver(job: _Redrive, on_batch: Callable[[RedriveReport], None]) -> None:
    def send(batch: _Batch, before: Callable[[], None]) -> BatchOutcome:
        contacts = [as_contact(row, row.births) for row in batch.to_send]
        return job.client.upsert(contacts, before=before, were_refused=True) if contacts else BatchOutcome()

    def record(together: Sequence[tuple[_Batch, BatchOutcome]]) -> None:
        rows = [row for batch, _ in together for row in batch.to_send]
        if record_as_holder(job.engine, job.lease, rows, partial(_settle, together=together, job=job)):
            for batch, outcome in together:
                _count(job.report, batch, outcome)

    tell = partial(on_batch, job.report)
    means = Means(send, record, tell=tell, may_send=job.lease.check, keep=job.lease.keep)
    options = job.options
    delivery = Delivery(means, in_flight=options.requests_in_flight, stop=job.stop, stop_seconds=options.stop_seconds)
    try:
        with _giving_back(job):
            delivery.run(_claimed(job))
            job.lease.keep()  # raises if the years were lost with the last batch: its letters are given back then
    finally:
        # HubSpot may still act on what has no answer: then nobody else may write these years until the lease ends.
        if not delivery.under_way:
            job.lease.give_back()


def _claimed(job: _Redrive) -> Iterator[_Batch]:
    years = job.lease.years
    for number in range(BATCHES):
        letters = letter_claims.claim(job.engine, job.claimant, limit=MAX_BATCH, years=years)
        if not letters:
            return
        if number == 0:
            job.client.ensure_schema()
        yield run_in_transaction(job.engine, partial(_look_up, letters=letters))
    job.report.has_more = letter_claims.due(job.engine, years) is not None


def _look_up(connection: Connection, letters: Sequence[ClaimedLetter]) -> _Batch:
    keys = [letter.letter_key for letter in letters]
    rows = sync_state.as_they_are(connection, [row for key in keys if (row := row_of_key(key))], MAPPING)
    confirmed = [contact_key(row) for row, is_confirmed in rows if is_confirmed]
    to_send = [row for row, is_confirmed in rows if not is_confirmed]
    # Before it is sent, like a push: whatever stops this process, somebody looks at these contacts again.
    sync_state.record_doubt(connection, to_send)
    known = {*confirmed, *(contact_key(row) for row in to_send)}
    return _Batch(to_send, confirmed, [key for key in keys if key not in known])


def _settle(connection: Connection, together: Sequence[tuple[_Batch, BatchOutcome]], job: _Redrive) -> None:
    for batch, outcome in together:
        record_outcome(connection, batch.to_send, outcome, job.options.backoff)
        dead_letters.resolve(connection, "sync", batch.confirmed, note="A sync sent the row in the meantime.")
        dead_letters.resolve(connection, "sync", batch.gone, note=ROW_HAS_GONE)


def _count(report: RedriveReport, batch: _Batch, outcome: BatchOutcome) -> None:
    report.accepted += len(outcome.accepted)
    report.refused += len(outcome.refused)
    report.confirmed_before += len(batch.confirmed)
    report.row_has_gone += len(batch.gone)


@contextmanager
def _giving_back(job: _Redrive) -> Iterator[None]:
    """Leave no letter claimed behind: whatever stops the redrive, its letters wait for the next one."""
    wait = job.options.backoff.first_wait
    try:
        yield
    except PausedError as error:
        job.report.is_paused, job.report.paused_until = True, error.until
        _give_back(job, str(error), wait=wait)
    except StopAskedError:
        _give_back(job, "The redrive was stopped.", wait=0)
        raise
    except BabynamesError as error:
        _give_back(job, str(error), wait=wait)
        raise


def _give_back(job: _Redrive, note: str, *, wait: float) -> None:
    def release(connection: Connection) -> int:
        until = job.report.paused_until
        soon = clock.moment(connection) + dt.timedelta(seconds=wait)
        due_at = until.astimezone(dt.UTC).replace(tzinfo=None) if until else soon
        return letter_claims.release(connection, job.claimant, until=due_at, note=note)

    try:
        letters = run_in_transaction(job.engine, release)
    except BabynamesError as failure:
        # What stopped the redrive matters more; the claim ends by itself.
        _log.warning("dead_letters_not_released", error=str(failure))
    else:
        _log.warning("dead_letters_released", letters=letters, reason=note)
