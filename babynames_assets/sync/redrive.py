"""Send again what HubSpot refused and is due: each contact as the warehouse has it now, not as it was.

A letter is claimed before its contact is sent and settled in the transaction that records HubSpot's answer. A redrive
that stops gives back what it has not tried; one that is killed loses it when its claim ends.
"""

import datetime as dt
import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from babynames_assets.errors import BabynamesError, PausedError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_writes import MAX_BATCH, BatchOutcome
from babynames_assets.resilience.backoff import Backoff
from babynames_assets.sync.contacts import MAPPING, as_contact, contact_key, row_of_key
from babynames_assets.sync.outcomes import ROW_HAS_GONE, record_outcome
from babynames_assets.warehouse import clock, dead_letters, letter_claims, sync_state
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.letter_claims import ClaimedLetter
from babynames_assets.warehouse.sync_state import ChangedContact

_log = structlog.get_logger(__name__)
_jitter = random.Random()  # noqa: S311 - spreads attempts in time, guards no secret


@dataclass
class RedriveReport:
    """What became of the letters that a redrive took.

    Attributes:
        accepted: HubSpot took the contact.
        refused: it did not, again.
        row_has_gone: there is nothing to send any more.
        confirmed_before: a sync had sent the row in the meantime.
        is_paused: the day's calls are spent; what is left waits.
        paused_until: until when, where that is known.
    """

    accepted: int = 0
    refused: int = 0
    row_has_gone: int = 0
    confirmed_before: int = 0
    is_paused: bool = False
    paused_until: dt.datetime | None = None

    @property
    def letters(self) -> int:
        """Letters of which something became."""
        return self.accepted + self.refused + self.row_has_gone + self.confirmed_before


@dataclass(frozen=True)
class _Batch:
    """Claimed letters, told apart by what the warehouse says of their rows."""

    to_send: list[ChangedContact]
    confirmed: list[str]
    gone: list[str]


def redrive(
    engine: Engine,
    client: HubSpotClient,
    *,
    backoff: Backoff,
    on_batch: Callable[[RedriveReport], None],
    claim_seconds: float = letter_claims.CLAIM_SECONDS,
    rng: random.Random = _jitter,
) -> RedriveReport:
    """Send what is due, until nothing is.

    Args:
        engine: the warehouse.
        client: HubSpot.
        backoff: when a contact that is refused again is due next.
        on_batch: called after the outcome of each batch is recorded, for progress.
        claim_seconds: how long a batch is kept from other redrives.
        rng: source of the jitter.

    Raises:
        RetryableError: HubSpot or the warehouse cannot answer now; what was claimed is due again after a while.
        FatalError: a person has to change something; likewise.
    """
    report, is_ready = RedriveReport(), False
    while not report.is_paused:
        claimant = uuid.uuid4().hex
        letters = letter_claims.claim(engine, claimant, limit=MAX_BATCH, seconds=claim_seconds)
        if not letters:
            break
        with _giving_back(engine, claimant, backoff, report, rng):
            if not is_ready:
                client.ensure_schema()
                is_ready = True
            _redrive_batch(engine, client, letters, report, backoff)
            on_batch(report)
    _log.info("dead_letters_redriven", letters=report.letters, accepted=report.accepted, refused=report.refused)
    return report


def _redrive_batch(
    engine: Engine, client: HubSpotClient, letters: Sequence[ClaimedLetter], report: RedriveReport, backoff: Backoff
) -> None:
    batch = _look_up(engine, letters)
    contacts = [as_contact(row, row.births) for row in batch.to_send]
    outcome = client.upsert(contacts, were_refused=True) if contacts else BatchOutcome()
    run_in_transaction(engine, lambda connection: _settle(connection, batch, outcome, backoff))
    report.accepted += len(outcome.accepted)
    report.refused += len(outcome.refused)
    report.confirmed_before += len(batch.confirmed)
    report.row_has_gone += len(batch.gone)


def _look_up(engine: Engine, letters: Sequence[ClaimedLetter]) -> _Batch:
    keys = [letter.letter_key for letter in letters]
    wanted = [row for key in keys if (row := row_of_key(key))]
    with connect(engine) as connection:
        rows = sync_state.as_they_are(connection, wanted, MAPPING)
    confirmed = [contact_key(row) for row, is_confirmed in rows if is_confirmed]
    to_send = [row for row, is_confirmed in rows if not is_confirmed]
    known = {*confirmed, *(contact_key(row) for row in to_send)}
    return _Batch(to_send, confirmed, [key for key in keys if key not in known])


def _settle(connection: Connection, batch: _Batch, outcome: BatchOutcome, backoff: Backoff) -> None:
    record_outcome(connection, batch.to_send, outcome, backoff)
    dead_letters.resolve(connection, "sync", batch.confirmed, note="A sync sent the row in the meantime.")
    dead_letters.resolve(connection, "sync", batch.gone, note=ROW_HAS_GONE)


@contextmanager
def _giving_back(
    engine: Engine, claimant: str, backoff: Backoff, report: RedriveReport, rng: random.Random
) -> Iterator[None]:
    """Leave no letter claimed behind: whatever stops the batch, its letters wait for the next redrive."""
    try:
        yield
    except PausedError as error:
        report.is_paused, report.paused_until = True, error.until
        _give_back(engine, claimant, error, until=error.until, wait=backoff.max_wait)
    except BaseException as error:
        is_foreseen = isinstance(error, BabynamesError)
        _give_back(engine, claimant, error, until=None, wait=backoff.wait_after(1, rng) or 0 if is_foreseen else 0)
        raise


def _give_back(engine: Engine, claimant: str, error: BaseException, *, until: dt.datetime | None, wait: float) -> None:
    def release(connection: Connection) -> int:
        moment = until.astimezone(dt.UTC).replace(tzinfo=None) if until else None
        later = moment or clock.moment(connection) + dt.timedelta(seconds=wait)
        return letter_claims.release(connection, claimant, until=later, note=str(error) or type(error).__name__)

    try:
        letters = run_in_transaction(engine, release)
    except BabynamesError as failure:
        # What stopped the batch matters more; the claim ends by itself.
        _log.warning("dead_letters_not_released", error=str(failure))
    else:
        _log.warning("dead_letters_released", letters=letters, error=str(error))
