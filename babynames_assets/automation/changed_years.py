"""Which years of the current file the table or HubSpot does not hold yet, by a few small reads."""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from babynames_assets.ingest.scan import Scan
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.warehouse import ledger, sync_pauses, synced_years
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.synced_years import SyncedYear


@dataclass(frozen=True)
class ChangedYear:
    """A year that is not done.

    Attributes:
        year: which.
        behind: the table, or only the contacts.
        digest: the content that the file has for it.
    """

    year: int
    behind: Literal["table", "contacts"]
    digest: str


LEFT_TO_PAUSED_SYNCS = dt.timedelta(minutes=10)
"""After its pause a year is requested by the sensor paused_syncs; if that led to nothing for so long, it is behind."""


def changed_years(
    engine: Engine, scan: Scan, *, clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
) -> dict[int, ChangedYear]:
    """The years whose content differs from what was loaded last, or whose contacts were not brought to it.

    A year that the file does not have is left alone: a source never empties a table. A year whose sync waits for
    another day's calls is left to that day.

    Args:
        engine: the warehouse.
        scan: what reading the current file found.
        clock: tells which pauses are over.
    """
    with connect(engine) as connection:
        loaded, synced = ledger.current(connection), synced_years.read(connection)
        pauses = sync_pauses.waiting(connection)
    waiting = {year for year, until in pauses.items() if clock() < until + LEFT_TO_PAUSED_SYNCS}
    changed = {}
    for year, counts in scan.years.items():
        behind = _behind(counts.digest, loaded.get(year), synced.get(year))
        if behind and not (behind == "contacts" and year in waiting):
            changed[year] = ChangedYear(year, behind, counts.digest)
    return changed


def content_of(years: Mapping[int, ChangedYear], first: int, last: int) -> str:
    """A short name for what a range is to be brought to."""
    digests = "".join(years[year].digest for year in range(first, last + 1) if year in years)
    return hashlib.sha256(digests.encode()).hexdigest()[:12]


def _behind(
    digest: str, loaded: ledger.CurrentYear | None, synced: SyncedYear | None
) -> Literal["table", "contacts"] | None:
    if loaded is None or loaded.digest != digest:
        return "table"
    return None if synced == SyncedYear(digest, MAPPING) else "contacts"
