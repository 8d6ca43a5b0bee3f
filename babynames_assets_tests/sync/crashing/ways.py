"""Ways to sync: the real one, and two that break the promise, which the campaign has to see."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from babynames_assets.errors import PausedError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_writes import MAX_BATCH
from babynames_assets.resilience.backoff import Backoff
from babynames_assets.sync.contacts import MAPPING, as_contact
from babynames_assets.sync.leases import LeaseTerms
from babynames_assets.sync.outcomes import record_outcome
from babynames_assets.sync.push import push_years
from babynames_assets.sync.redrive import redrive
from babynames_assets.sync.report import PushOptions
from babynames_assets.warehouse import sync_pieces, sync_state
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.sync_state import ChangedContact, SyncedContact

Way = Callable[[Engine, HubSpotClient, Sequence[int], PushOptions], None]
"""Brings HubSpot to the table."""

_AT_ONCE = Backoff(attempts=100, first_wait=0.0, max_wait=0.0)


def options(in_flight: int) -> PushOptions:
    """As a push is in the campaign: a dead one is outlived soon, and what was refused is due at once."""
    lease = LeaseTerms(seconds=1.0, wait=30.0)
    return PushOptions(
        requests_in_flight=in_flight,
        removed_contacts="archive",
        max_archive_share=1.0,
        lease=lease,
        stop_seconds=5.0,
        backoff=_AT_ONCE,
    )


def sync(engine: Engine, client: HubSpotClient, years: Sequence[int], how: PushOptions) -> None:
    """As the asset does; a paused sync is one to be repeated here."""
    report = push_years(engine, client, years, run_id="campaign", options=how, on_batch=lambda _report: None)
    if report.paused_until:
        raise PausedError("the day is spent", until=report.paused_until)


def send_what_was_refused(engine: Engine, client: HubSpotClient, _years: Sequence[int], how: PushOptions) -> None:
    """As the redrive's job does, until nothing is due."""
    while redrive(engine, client, run_id="campaign", options=how, on_batch=lambda _report: None).letters:
        pass


def sync_fingerprint_first(engine: Engine, client: HubSpotClient, years: Sequence[int], how: PushOptions) -> None:
    """Wrong: a contact counts as sent before it is."""
    client.ensure_schema()
    for batch in _batches(engine, years):
        contacts = [SyncedContact(row.year, row.sex, row.name, row.fingerprint, "0") for row in batch]
        run_in_transaction(engine, partial(sync_state.record_synced, contacts=contacts))
        outcome = client.upsert([as_contact(row, row.births) for row in batch])
        run_in_transaction(engine, partial(record_outcome, batch=batch, outcome=outcome, backoff=how.backoff))


def sync_and_record_at_the_end(engine: Engine, client: HubSpotClient, years: Sequence[int], how: PushOptions) -> None:
    """Wrong: what HubSpot answered is remembered, and recorded once, when all is sent."""
    client.ensure_schema()
    batches = _batches(engine, years)
    answered = [(batch, client.upsert([as_contact(row, row.births) for row in batch])) for batch in batches]

    def record(connection: Connection) -> None:
        for batch, outcome in answered:
            record_outcome(connection, batch, outcome, how.backoff)

    run_in_transaction(engine, record)


WAYS: dict[str, Way] = {
    "real": sync,
    "redrive": send_what_was_refused,
    "fingerprint-first": sync_fingerprint_first,
    "state-at-end": sync_and_record_at_the_end,
}


def _batches(engine: Engine, years: Sequence[int]) -> Iterator[list[ChangedContact]]:
    for year in years:
        read = partial(sync_pieces.next_changed, year=year, mapping=MAPPING, limit=10**6)
        rows = run_in_transaction(engine, read)
        for first in range(0, len(rows), MAX_BATCH):
            yield rows[first : first + MAX_BATCH]
