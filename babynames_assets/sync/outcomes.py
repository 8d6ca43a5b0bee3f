"""What HubSpot answered for a batch, recorded: each contact's state and its dead letters, in one transaction."""

from collections.abc import Callable, Sequence

from babynames_assets.hubspot.contact_writes import BatchOutcome, Refusal
from babynames_assets.resilience.backoff import Backoff
from babynames_assets.sync.contacts import as_contact, contact_key
from babynames_assets.sync.leases import Lease
from babynames_assets.warehouse import dead_letters, sync_state
from babynames_assets.warehouse.dead_letters import DeadLetter
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.sync_state import ChangedContact, RefusedContact, RemovedContact, SyncedContact

ROW_HAS_GONE = "The warehouse no longer has the row: there is nothing to send."

_COLUMN = 64
"""Characters that the table keeps of a category or a correlation id."""


def record_as_holder(
    engine: Engine,
    lease: Lease,
    contacts: Sequence[ChangedContact | RemovedContact],
    work: Callable[[Connection], None],
) -> bool:
    """Record an outcome; or, if the years belong to another sync by now, that nobody knows it, and return false.

    Args:
        engine: the warehouse.
        lease: the right to write the years of the contacts.
        contacts: those that were sent.
        work: records the outcome in a transaction.
    """
    years = {contact.year for contact in contacts}

    def record(connection: Connection) -> bool:
        is_mine = lease.covers(connection, years)
        if is_mine:
            work(connection)
        else:
            sync_state.record_doubt(connection, contacts)
        return is_mine

    return run_in_transaction(engine, record)


def record_outcome(
    connection: Connection, batch: Sequence[ChangedContact], outcome: BatchOutcome, backoff: Backoff
) -> None:
    """Record what became of each contact of a batch: synced, and its letter resolved, or refused with a letter.

    Every refusal is tried again after a while: a row of the table is sound by the rules of the import, so what HubSpot
    holds against it lies in the account, where people change things.

    Args:
        connection: a transaction.
        batch: the rows as they were sent.
        outcome: HubSpot's answer, which names every one of them.
        backoff: when a refused contact is tried again.
    """
    synced, refused, letters = [], [], []
    for row in batch:
        key = contact_key(row)
        if accepted := outcome.accepted.get(key):
            synced.append(SyncedContact(row.year, row.sex, row.name, row.fingerprint, accepted.hubspot_id))
            continue
        refused.append(RefusedContact(row.year, row.sex, row.name, row.fingerprint))
        letters.append(_letter(row, outcome.refused[key]))
    # The states first: whoever records the same contact at this moment waits for them, and reads its letter afterwards.
    sync_state.record_synced(connection, synced)
    sync_state.record_refused(connection, refused)
    dead_letters.record(connection, letters, backoff=backoff)
    dead_letters.resolve(connection, "sync", [contact_key(row) for row in synced], note="HubSpot took the contact.")


def forget_contacts(connection: Connection, gone: Sequence[RemovedContact]) -> None:
    """Drop the state of contacts that are archived, and resolve their letters.

    Args:
        connection: a transaction.
        gone: contacts whose rows have gone.
    """
    sync_state.forget(connection, gone)
    dead_letters.resolve(connection, "sync", [contact_key(row) for row in gone], note=ROW_HAS_GONE)


def _letter(row: ChangedContact, refusal: Refusal) -> DeadLetter:
    return DeadLetter(
        service="sync",
        letter_key=contact_key(row),
        year=row.year,
        payload=dict(as_contact(row, row.births).properties),
        error=f"{refusal.category}: {refusal.message}",
        category=refusal.category[:_COLUMN],
        message=refusal.message,
        correlation_id=refusal.correlation_id[:_COLUMN] or None,
    )
