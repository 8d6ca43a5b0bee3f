"""The two halves of a push: rows that are new or changed, and contacts whose row has gone."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

from babynames_assets.errors import FatalError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_writes import MAX_BATCH, BatchOutcome
from babynames_assets.sync.contacts import MAPPING, as_contact, contact_key
from babynames_assets.sync.delivery import Delivery, Means
from babynames_assets.sync.leases import Lease
from babynames_assets.sync.outcomes import forget_contacts, record_as_holder, record_outcome
from babynames_assets.sync.report import PushOptions, PushReport
from babynames_assets.sync.stopping import Stop
from babynames_assets.warehouse import sync_pieces
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_pieces import Place
from babynames_assets.warehouse.sync_state import ChangedContact, RemovedContact

Contact = TypeVar("Contact", ChangedContact, RemovedContact)
Outcome = TypeVar("Outcome")


@dataclass
class Push:
    """A push of some years.

    Attributes:
        engine: the warehouse.
        client: HubSpot.
        lease: the right to write the years.
        options: how.
        report: what is done so far.
        on_batch: called after outcomes are recorded.
        stop: ends it.
        under_way: batches that have no answer, after a stop that could not wait for it.
    """

    engine: Engine
    client: HubSpotClient
    lease: Lease
    options: PushOptions
    report: PushReport
    on_batch: Callable[[PushReport], None]
    stop: Stop
    under_way: int = 0


def upsert_changed(push: Push) -> None:
    """Send what is new or changed."""

    def send(batch: list[ChangedContact], before: Callable[[], None]) -> BatchOutcome:
        return push.client.upsert([as_contact(row, row.births) for row in batch], before=before)

    def record(together: Sequence[tuple[list[ChangedContact], BatchOutcome]]) -> None:
        rows, outcome = [row for batch, _ in together for row in batch], BatchOutcome()
        for _, one in together:
            outcome.add(one)
        work = partial(record_outcome, batch=rows, outcome=outcome, backoff=push.options.backoff)
        if record_as_holder(push.engine, push.lease, rows, work):
            _count(push.report, rows, outcome)

    _deliver(push, send, record, _after_schema(push, _batches(_changed(push))))


def archive_removed(push: Push) -> None:
    """Archive the contacts whose row has gone.

    Raises:
        FatalError: they are too many of a year; none of any year is archived.
    """
    years = _years_to_archive(push)

    def send(batch: list[RemovedContact], before: Callable[[], None]) -> None:
        known = [row.hubspot_id for row in batch if row.hubspot_id]
        found = push.client.find([contact_key(row) for row in batch if not row.hubspot_id], before=before)
        push.client.archive([*known, *found.values()], before=before)

    def record(together: Sequence[tuple[list[RemovedContact], None]]) -> None:
        gone = [row for batch, _ in together for row in batch]
        if record_as_holder(push.engine, push.lease, gone, partial(forget_contacts, gone=gone)):
            for row in gone:
                push.report.years[row.year].archived += 1

    _deliver(push, send, record, _batches(_removed(push, years)))


def _deliver(
    push: Push,
    send: Callable[[list[Contact], Callable[[], None]], Outcome],
    record: Callable[[Sequence[tuple[list[Contact], Outcome]]], None],
    batches: Iterable[list[Contact]],
) -> None:
    tell = partial(push.on_batch, push.report)
    means = Means(send, record, tell=tell, may_send=push.lease.check, keep=push.lease.keep)
    options = push.options
    delivery = Delivery(means, in_flight=options.requests_in_flight, stop=push.stop, stop_seconds=options.stop_seconds)
    try:
        delivery.run(batches)
    finally:
        push.under_way = delivery.under_way


def _count(report: PushReport, rows: Sequence[ChangedContact], outcome: BatchOutcome) -> None:
    for row in rows:
        year = report.years[row.year]
        accepted = outcome.accepted.get(contact_key(row))
        if accepted is None:
            year.refused += 1
        elif accepted.is_new:
            year.created += 1
        else:
            year.updated += 1


def _after_schema(push: Push, batches: Iterable[list[ChangedContact]]) -> Iterator[list[ChangedContact]]:
    """The batches; before the first, HubSpot's properties are made ready. Where nothing changed no call is made."""
    for number, batch in enumerate(batches):
        if number == 0:
            push.client.ensure_schema()
        yield batch


def _changed(push: Push) -> Iterator[ChangedContact]:
    for year in push.report.years:
        yield from _in_pieces(push.engine, partial(sync_pieces.next_changed, year=year, mapping=MAPPING))


def _removed(push: Push, years: Iterable[int]) -> Iterator[RemovedContact]:
    for year in years:
        yield from _in_pieces(push.engine, partial(sync_pieces.next_removed, year=year))


def _in_pieces(engine: Engine, next_piece: Callable[..., list[Contact]]) -> Iterator[Contact]:
    after: Place | None = None
    while piece := run_in_transaction(engine, partial(next_piece, after=after)):
        yield from piece
        after = (piece[-1].sex, piece[-1].name)


def _years_to_archive(push: Push) -> list[int]:
    options = push.options
    with connect(push.engine) as connection:
        found = sync_pieces.removals(connection, list(push.report.years))
    for year in found:
        if year.gone > max(options.max_archive_share * year.known, options.approved_archives.get(year.year, 0)):
            raise FatalError(
                f"{year.gone:,} of the {year.known:,} contacts of {year.year} have no row in the warehouse any more. "
                f"Archiving them is refused, because the limit is {options.max_archive_share:.0%} of a year "
                "(BABYNAMES_HUBSPOT__MAX_ARCHIVE_SHARE); no contact of any year is archived. If they are really gone: "
                f"babynames sync plan --years {year.year}, and start the sync with the id of that plan."
            )
    return [year.year for year in found]


def _batches(rows: Iterable[Contact]) -> Iterator[list[Contact]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, MAX_BATCH)):
        yield batch
