"""Bring HubSpot to the warehouse by difference: upsert what is new or changed, archive what has gone.

A contact's state is recorded right after HubSpot answered for its batch, never before. A run that dies half-way sends
at most the batches in flight a second time, and an upsert that changes nothing is harmless.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Literal, TypeVar

from babynames_assets.errors import FatalError
from babynames_assets.hubspot.client import MAX_BATCH, BatchOutcome, HubSpotClient
from babynames_assets.sync.contacts import MAPPING, as_contact, contact_key
from babynames_assets.sync.outcomes import forget_contacts, record_outcome
from babynames_assets.warehouse import sync_state
from babynames_assets.warehouse.engine import Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_state import ChangedContact, RemovedContact

T = TypeVar("T")


@dataclass
class YearPush:
    """What a push did in one year, in contacts."""

    created: int = 0
    updated: int = 0
    refused: int = 0
    archived: int = 0


@dataclass(frozen=True)
class PushOptions:
    """How a push behaves; the fields are the settings of the same names.

    Attributes:
        requests_in_flight: batches sent side by side.
        removed_contacts: what happens to the contact of a row that has gone.
        max_archive_share: a year that would lose a larger share of its contacts is refused.
        approved_archives: so many contacts of a year may be archived whatever their share, because a plan shows them.
    """

    requests_in_flight: int
    removed_contacts: Literal["archive", "keep"]
    max_archive_share: float
    approved_archives: Mapping[int, int] = field(default_factory=dict)


@dataclass
class PushReport:
    """What a push did, by year."""

    years: dict[int, YearPush] = field(default_factory=dict)

    @property
    def contacts(self) -> int:
        """Contacts for which HubSpot gave an answer."""
        return sum(year.created + year.updated + year.refused + year.archived for year in self.years.values())


def push_years(
    engine: Engine,
    client: HubSpotClient,
    years: Sequence[int],
    *,
    options: PushOptions,
    on_batch: Callable[[PushReport], None],
) -> PushReport:
    """Bring the contacts of some years to what the warehouse holds.

    Args:
        engine: the warehouse.
        client: HubSpot.
        years: the partitions to bring up to date.
        options: see PushOptions.
        on_batch: called after the outcome of each batch is recorded, for progress.

    Raises:
        FatalError: a year would lose more than the allowed share of its contacts; its upserts are done, nothing of it
            is archived.
    """
    client.ensure_schema()
    report = PushReport({year: YearPush() for year in years})
    _upsert_changed(engine, client, report, options, on_batch)
    if options.removed_contacts == "archive":
        _archive_removed(engine, client, report, options, on_batch)
    return report


def _upsert_changed(
    engine: Engine,
    client: HubSpotClient,
    report: PushReport,
    options: PushOptions,
    on_batch: Callable[[PushReport], None],
) -> None:
    def settle(batch: list[ChangedContact], answer: Future[BatchOutcome]) -> None:
        outcome = answer.result()
        run_in_transaction(engine, lambda connection: record_outcome(connection, batch, outcome))
        _count(report, batch, outcome)
        on_batch(report)

    waiting: deque[tuple[list[ChangedContact], Future[BatchOutcome]]] = deque()
    with ThreadPoolExecutor(options.requests_in_flight, thread_name_prefix="hubspot") as pool:
        try:
            for batch in _batches(_changed(engine, report.years)):
                contacts = [as_contact(row, row.births) for row in batch]
                waiting.append((batch, pool.submit(client.upsert, contacts)))
                if len(waiting) >= options.requests_in_flight:
                    settle(*waiting.popleft())
            while waiting:
                settle(*waiting.popleft())
        except BaseException:
            # HubSpot may have answered for batches behind the one that failed; what it accepted is recorded first.
            for batch, answer in waiting:
                if not answer.cancel() and answer.exception() is None:
                    settle(batch, answer)
            raise


def _count(report: PushReport, batch: list[ChangedContact], outcome: BatchOutcome) -> None:
    for row in batch:
        year = report.years[row.year]
        accepted = outcome.accepted.get(contact_key(row))
        if accepted is None:
            year.refused += 1
        elif accepted.is_new:
            year.created += 1
        else:
            year.updated += 1


def _archive_removed(
    engine: Engine,
    client: HubSpotClient,
    report: PushReport,
    options: PushOptions,
    on_batch: Callable[[PushReport], None],
) -> None:
    for batch in _batches(_removed(engine, report.years, options)):
        client.archive([row.hubspot_id for row in batch if row.hubspot_id])
        run_in_transaction(engine, partial(forget_contacts, gone=batch))
        for row in batch:
            report.years[row.year].archived += 1
        on_batch(report)


def _changed(engine: Engine, years: Iterable[int]) -> Iterator[ChangedContact]:
    for year in years:
        with connect(engine) as connection:
            rows = sync_state.changed(connection, year, MAPPING)
        yield from rows


def _removed(engine: Engine, years: Iterable[int], options: PushOptions) -> Iterator[RemovedContact]:
    for year in years:
        with connect(engine) as connection:
            rows = sync_state.removed(connection, year)
            known = sync_state.counts(connection, [year], MAPPING).recorded
        allowed = max(options.max_archive_share * known, options.approved_archives.get(year, 0))
        if len(rows) > allowed:
            raise FatalError(
                f"{len(rows):,} of the {known:,} contacts of {year} have no row in the warehouse any more. Archiving "
                f"them is refused, because the limit is {options.max_archive_share:.0%} of a year "
                f"(BABYNAMES_HUBSPOT__MAX_ARCHIVE_SHARE). If they are really gone: babynames sync plan --years {year}, "
                "and start the sync with the id of that plan."
            )
        yield from rows


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(rows)
    while batch := list(islice(iterator, MAX_BATCH)):
        yield batch
