"""What HubSpot answered for a batch, recorded: each contact's state and its dead letters, in one transaction."""

from collections.abc import Sequence

from babynames_assets.hubspot.contact_writes import BatchOutcome
from babynames_assets.sync.contacts import as_contact, contact_key
from babynames_assets.warehouse import dead_letters, sync_state
from babynames_assets.warehouse.dead_letters import DeadLetter
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.sync_state import ChangedContact, RefusedContact, RemovedContact, SyncedContact


def record_outcome(connection: Connection, batch: Sequence[ChangedContact], outcome: BatchOutcome) -> None:
    """Record what became of each contact of a batch: synced, and its letter resolved, or refused with a letter.

    Args:
        connection: a transaction.
        batch: the rows as they were sent.
        outcome: HubSpot's answer, which names every one of them.
    """
    synced, refused, letters = [], [], []
    for row in batch:
        key = contact_key(row)
        if accepted := outcome.accepted.get(key):
            synced.append(SyncedContact(row.year, row.sex, row.name, row.fingerprint, accepted.hubspot_id))
            continue
        reason = outcome.refused[key]
        payload = dict(as_contact(row, row.births).properties)
        refused.append(RefusedContact(row.year, row.sex, row.name, row.fingerprint))
        letters.append(DeadLetter("sync", key, row.year, payload, f"{reason.category}: {reason.message}"))
    sync_state.record_synced(connection, synced)
    sync_state.record_refused(connection, refused)
    dead_letters.record(connection, letters)
    dead_letters.resolve(connection, "sync", [contact_key(row) for row in synced])


def forget_contacts(connection: Connection, gone: Sequence[RemovedContact]) -> None:
    """Drop the state of contacts that are archived, and resolve their letters.

    Args:
        connection: a transaction.
        gone: contacts whose rows have gone.
    """
    sync_state.forget(connection, gone)
    dead_letters.resolve(connection, "sync", [contact_key(row) for row in gone])
