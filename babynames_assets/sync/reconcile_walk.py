"""The walk through the years that reads HubSpot back: its contacts first, then a search for those that have no row.

How far it came is kept every few seconds and with all that it finds, so that a walk that was stopped goes on.
"""

import copy
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import structlog

from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_reads import SearchPage
from babynames_assets.hubspot.contact_writes import MAX_BATCH
from babynames_assets.sync import unknown
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.sync.delivery import Delivery, Means
from babynames_assets.sync.drift import Drift, Reading, read_back
from babynames_assets.sync.reconcile_progress import ReconcileProgress
from babynames_assets.sync.stopping import Stop
from babynames_assets.sync.unknown import Groups
from babynames_assets.warehouse import reconciliations, sync_readback
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_pieces import Place
from babynames_assets.warehouse.sync_readback import ConfirmedContact

_log = structlog.get_logger(__name__)

OTHER_YEARS = 0
"""Stands for contacts whose year of birth is none of the warehouse's."""

_ROWS_IN_PIECE = 50 * MAX_BATCH
_SAVED_EVERY = 2.0

Batch = tuple[int, list[ConfirmedContact]]
"""The number of a batch within its year, and its contacts."""


@dataclass(frozen=True)
class ReconcileOptions:
    """How HubSpot is read back.

    Attributes:
        repair: have the next sync send again what differs.
        archive_unknown: archive contacts that have no row.
        max_archive_share: no more than this share of a year's contacts is archived as unknown.
        requests_in_flight: calls made side by side.
        stop_seconds: how long answers are waited for when somebody wants this process to end.
        from_start: do not go on from where the last run stopped.
    """

    repair: bool = False
    archive_unknown: bool = False
    max_archive_share: float = 0.2
    requests_in_flight: int = 4
    stop_seconds: float = 20.0
    from_start: bool = False


class Walk:
    """A reading back, from wherever it begins. Used by one thread."""

    def __init__(
        self,
        engine: Engine,
        client: HubSpotClient,
        task: str,
        options: ReconcileOptions,
        on_read: Callable[[ReconcileProgress], None],
    ) -> None:
        self._engine, self._client, self._task, self._options, self._on_read = engine, client, task, options, on_read
        self._saved_at = time.monotonic()
        self._waiting: dict[int, Reading] = {}
        self._next = 0
        self.progress = ReconcileProgress()

    def begin(self) -> bool:
        """Go on from where the last run stopped, if it did; returns whether."""

        def work(connection: Connection) -> str | None:
            left = None if self._options.from_start else reconciliations.unfinished(connection, self._task)
            if left is None:
                reconciliations.begin(connection, self._task, ReconcileProgress().as_json())
            return left

        left = run_in_transaction(self._engine, work)
        if left is not None:
            self.progress = ReconcileProgress.from_json(left)
            _log.info("reconciliation_resumed", task=self._task, year=self.progress.year)
        return left is not None

    def go(self, searches: Mapping[int, Groups], stop: Stop) -> None:
        """Read the years that are left; whatever stops it, what was read is kept."""
        years = list(searches)
        if self.progress.year is not None:
            years = years[years.index(self.progress.year) :]
        try:
            for year in years:
                self.progress.begin(year)
                if not self.progress.is_read:
                    self._read_back(year, stop)
                self._search(year, searches[year], stop)
        except BaseException:
            self._save()
            raise
        self._save(is_finished=True)

    def _read_back(self, year: int, stop: Stop) -> None:
        self._waiting, self._next = {}, 0
        means: Means[Batch, Reading] = Means(
            self._send, self._take, tell=lambda: self._on_read(self.progress), may_send=lambda: None, keep=lambda: None
        )
        options = self._options
        Delivery(means, in_flight=options.requests_in_flight, stop=stop, stop_seconds=options.stop_seconds).run(
            enumerate(_batches(self._engine, year, self.progress.after))
        )
        self.progress.is_read = True

    def _send(self, batch: Batch, before: Callable[[], None]) -> Reading:
        return read_back(self._client, batch[1], before)

    def _take(self, together: Sequence[tuple[Batch, Reading]]) -> None:
        """Take readings in, whichever comes first; the place from which to go on moves over whole stretches alone."""
        self._waiting.update({number: reading for (number, _), reading in together if number >= self._next})
        stretch: list[Reading] = []
        while reading := self._waiting.get(self._next + len(stretch)):
            stretch.append(reading)
        self._enter(stretch)
        for _ in stretch:
            del self._waiting[self._next]
            self._next += 1

    def _enter(self, stretch: Sequence[Reading]) -> None:
        drift = [one for reading in stretch for one in reading.drift]
        if not drift:
            _advance(self.progress, stretch)
            if time.monotonic() > self._saved_at + _SAVED_EVERY:
                self._save()
            return

        def work(connection: Connection) -> ReconcileProgress:
            found = still_so(connection, drift)
            if self._options.repair:
                for is_there in (True, False):
                    contacts = [one.contact for one in found if one.contact and one.is_there is is_there]
                    sync_readback.doubt(connection, contacts, is_there=is_there)
            progress = copy.deepcopy(self.progress)
            _advance(progress, stretch)
            progress.add(found)
            reconciliations.save(connection, self._task, progress.as_json())
            return progress

        self.progress = run_in_transaction(self._engine, work)

    def _search(self, year: int, groups: Groups, stop: Stop) -> None:
        while True:
            stop.check()
            page = self._client.search(groups, [], after=self.progress.after_id)
            is_first = not self.progress.after_id
            if is_first and page.total <= self.progress.years[year].present:
                return
            if is_first and self._is_too_much(year, page):
                self.progress.not_archived.append(year)
            self._enter_unknown(year, unknown.strangers(self._engine, self._client, page.contacts))
            if page.total <= len(page.contacts):
                return
            self.progress.after_id = page.contacts[-1].hubspot_id
            self._save()

    def _is_too_much(self, year: int, page: SearchPage) -> bool:
        found = self.progress.totals() if year == OTHER_YEARS else self.progress.years[year]
        suspects = page.total - self.progress.years[year].present
        return suspects > self._options.max_archive_share * (found.present + suspects)

    def _enter_unknown(self, year: int, strangers: Sequence[Drift]) -> None:
        self.progress.add(strangers)
        if self._options.archive_unknown and year not in self.progress.not_archived:
            for start in range(0, len(strangers), MAX_BATCH):
                batch = strangers[start : start + MAX_BATCH]
                self._client.archive([one.hubspot_id for one in batch])
                self.progress.years[year].archived += len(batch)

    def _save(self, *, is_finished: bool = False) -> None:
        text = self.progress.as_json()
        run_in_transaction(
            self._engine, lambda connection: reconciliations.save(connection, self._task, text, is_finished=is_finished)
        )
        self._saved_at = time.monotonic()


def _batches(engine: Engine, year: int, after: Place | None) -> Iterator[list[ConfirmedContact]]:
    while True:
        with connect(engine) as connection:
            piece = sync_readback.next_confirmed(connection, year, MAPPING, after=after, limit=_ROWS_IN_PIECE)
        for start in range(0, len(piece), MAX_BATCH):
            yield piece[start : start + MAX_BATCH]
        if len(piece) < _ROWS_IN_PIECE:
            return
        after = (piece[-1].sex, piece[-1].name)


def still_so(connection: Connection, drift: Sequence[Drift]) -> list[Drift]:
    """Leaves out what a sync wrote while it was read: that HubSpot held something else then is no wonder."""
    contacts = [one.contact for one in drift if one.contact]
    unchanged = set(sync_readback.unchanged(connection, contacts))
    return [one for one in drift if one.contact in unchanged]


def _advance(progress: ReconcileProgress, stretch: Sequence[Reading]) -> None:
    for reading in stretch:
        last = reading.contacts[-1]
        counts = progress.years[last.year]
        counts.read += len(reading.contacts)
        counts.present += reading.present
        progress.after = (last.sex, last.name)
