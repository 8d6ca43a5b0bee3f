"""Read HubSpot back, and find what is not as it was confirmed: edited, deleted or merged there, or unknown here.

A year at a time, its contacts first, then a search for those that have no row. How far it came is kept: when the calls
of the day are spent, or the process dies, the next run goes on from there.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

import structlog

from babynames_assets.errors import FatalError, PausedError
from babynames_assets.hubspot.client import HubSpotClient
from babynames_assets.hubspot.contact_writes import MAX_BATCH
from babynames_assets.sync import unknown
from babynames_assets.sync.approval import push_approved
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.sync.drift import read_back
from babynames_assets.sync.reconcile_progress import ReconcileProgress
from babynames_assets.sync.reconcile_walk import OTHER_YEARS, ReconcileOptions, Walk, still_so
from babynames_assets.sync.report import PushOptions, PushReport
from babynames_assets.sync.stopping import run_stoppable
from babynames_assets.warehouse import sync_readback
from babynames_assets.warehouse.engine import Engine, connect

_log = structlog.get_logger(__name__)

_PAUSE_OF_UNKNOWN_LENGTH = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Reconciliation:
    """What a reading back found.

    Attributes:
        first_year: first year that was asked for.
        last_year: last year that was asked for.
        progress: what was found, this time and in the runs before that it went on from.
        paused_until: when the rest can be read, if the calls of the day were spent before all was.
        is_resumed: whether it went on from an earlier run.
    """

    first_year: int
    last_year: int
    progress: ReconcileProgress
    paused_until: dt.datetime | None
    is_resumed: bool

    @property
    def is_equal(self) -> bool:
        """Whether HubSpot was read to the end and holds what it should."""
        return self.paused_until is None and not self.progress.totals().drift


def reconcile(
    engine: Engine,
    client: HubSpotClient,
    years: tuple[int, int] | None,
    *,
    options: ReconcileOptions,
    on_read: Callable[[ReconcileProgress], None] = lambda _progress: None,
) -> Reconciliation:
    """Read the contacts of some years back.

    Args:
        engine: the warehouse.
        client: HubSpot.
        years: first and last year; None for all, and then contacts of any other year are unknown, too.
        options: see ReconcileOptions.
        on_read: called after contacts were read.

    Raises:
        RetryableError: HubSpot or the warehouse cannot answer now; the next run goes on from there.
        FatalError: a person has to change something, or there is nothing to read.
    """
    first, last = years or _all_years(engine)
    walk = Walk(engine, client, _task((first, last), is_everything=years is None, options=options), options, on_read)
    is_resumed = walk.begin()
    searches = {year: unknown.of_year(year) for year in range(first, last + 1)}
    if years is None:
        searches[OTHER_YEARS] = unknown.of_other_years(first, last)
    paused_until: dt.datetime | None = None
    try:
        client.ensure_schema()
        run_stoppable(partial(walk.go, searches), stop_seconds=options.stop_seconds)
    except PausedError as error:
        paused_until = error.until or dt.datetime.now(dt.UTC) + _PAUSE_OF_UNKNOWN_LENGTH
        _log.warning("reconciliation_paused", until=paused_until.isoformat(), year=walk.progress.year)
    return Reconciliation(first, last, walk.progress, paused_until, is_resumed)


def read_sample(
    engine: Engine, client: HubSpotClient, years: Sequence[int] | None, *, size: int, rng: Random
) -> ReconcileProgress:
    """Read back some contacts of some years, each as likely as any other; contacts unknown here are not looked for.

    Args:
        engine: the warehouse.
        client: HubSpot.
        years: the partitions, or None for all.
        size: how many.
        rng: chooses them.
    """
    with connect(engine) as connection:
        chosen = sync_readback.sample(connection, years, MAPPING, size=size, rng=rng)
    progress = ReconcileProgress()
    for contact in chosen:
        progress.begin(contact.year).read += 1
    for start in range(0, len(chosen), MAX_BATCH):
        reading = read_back(client, chosen[start : start + MAX_BATCH])
        with connect(engine) as connection:
            progress.add(still_so(connection, reading.drift))
    return progress


def repair(
    engine: Engine,
    client: HubSpotClient,
    progress: ReconcileProgress,
    *,
    run_id: str,
    options: PushOptions,
    on_batch: Callable[[PushReport], None],
) -> PushReport:
    """Sync the years in which something was found that has to be sent again.

    Raises:
        PlanError: a sync of this size needs a plan; what was found stays pending until then.
    """
    years = [year for year, found in progress.years.items() if found.to_send]
    if not years:
        return PushReport()
    return push_approved(engine, client, years, plan_id=None, run_id=run_id, options=options, on_batch=on_batch)


def _all_years(engine: Engine) -> tuple[int, int]:
    with connect(engine) as connection:
        found = sync_readback.year_range(connection)
    if found is None:
        raise FatalError("The warehouse has no row and no contact: there is nothing to read back.")
    return found


def _task(years: tuple[int, int], *, is_everything: bool, options: ReconcileOptions) -> str:
    """What has to be the same for a run to go on from another."""
    words = {"all": is_everything, "repair": options.repair, "archive-unknown": options.archive_unknown}
    return " ".join([f"{years[0]}-{years[1]}", *(word for word, is_asked in words.items() if is_asked)])
