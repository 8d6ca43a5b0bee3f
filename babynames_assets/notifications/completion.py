"""The end of a refresh: every year of the newest file is in the table, and every row of the table is in HubSpot.

Counted a few years at a time, so that whoever asks is never kept waiting; where it stopped, the next one goes on.
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from babynames_assets.notifications.news import News
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.warehouse import ledger_report, sync_differences, sync_leases, sync_pauses
from babynames_assets.warehouse.engine import Connection, Engine, connect
from babynames_assets.warehouse.ledger_report import SourceEntry

YEARS_AT_ONCE = 8


@dataclass(frozen=True)
class Count:
    """How far the years of a file were counted.

    Attributes:
        source_sha256: the file.
        is_told: its end was told, or it was there before anybody asked.
        last_year: all years up to this one are complete.
        years: how many these are.
        rows: rows of the table in these years.
        contacts: those of them that HubSpot has confirmed.
        refused: those that HubSpot refused; each has a dead letter.
    """

    source_sha256: str = ""
    is_told: bool = False
    last_year: int = 0
    years: int = 0
    rows: int = 0
    contacts: int = 0
    refused: int = 0

    def as_text(self) -> str:
        """For a cursor."""
        return json.dumps(asdict(self))


@dataclass(frozen=True)
class Complete:
    """A file of which everything has arrived."""

    source: SourceEntry
    count: Count

    @property
    def key(self) -> str:
        """Of the incident, which a file has once."""
        return f"completion/{self.source.source_sha256}"

    @property
    def news(self) -> News:
        """What is told of it."""
        count = self.count
        refused = f", {count.refused:,} refused (babynames dead-letters list)" if count.refused else ""
        return News(
            kind="completion",
            title=f"Version {self.source.version} of {self.source.dataset} is complete",
            where="hubspot/contacts",
            why=f"{count.years:,} years, {count.rows:,} rows, {count.contacts:,} contacts{refused}",
            what_to_do="Nothing; babynames verify counts everything again",
            path="/assets/hubspot/contacts",
        )


def begin(cursor: str | None, engine: Engine) -> Count:
    """What was counted so far. What lies in the books when somebody asks for the first time is no news."""
    if cursor:
        return Count(**json.loads(cursor))
    with connect(engine) as connection:
        newest = ledger_report.source_entries(connection)[:1]
    return Count(newest[0].source_sha256, is_told=True) if newest else Count()


def go_on(
    engine: Engine,
    count: Count,
    *,
    seconds: float,
    at_once: int = YEARS_AT_ONCE,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Count, Complete | None]:
    """Count on, and say whether the newest file is complete.

    Args:
        engine: the warehouse.
        count: what was counted so far.
        seconds: about how long.
        at_once: years that one statement counts.
        clock: measures them.
    """
    ends = clock() + seconds
    with connect(engine) as connection:
        newest = ledger_report.source_entries(connection)[:1]
        if not newest or (newest[0].source_sha256 == count.source_sha256 and count.is_told):
            return count, None
        if newest[0].source_sha256 != count.source_sha256:
            count = Count(newest[0].source_sha256)
        years = _years_to_count(connection, newest[0])
        if years is None:
            return count, None
        while todo := [year for year in years if year > count.last_year][:at_once]:
            more = _count(connection, count, todo)
            if more is None or clock() > ends:
                return more or count, None
            count = more
    return count, Complete(newest[0], count)


def _years_to_count(connection: Connection, source: SourceEntry) -> list[int] | None:
    """The years of the table; None while something is still under way."""
    entries = ledger_report.ledger_entries(connection)
    # By content: a year that is the same in the newest file is not loaded again.
    loaded = {entry.year: entry.digest for entry in entries if entry.is_current}
    of_file = {entry.year: entry.digest for entry in entries if entry.source_sha256 == source.source_sha256}
    is_loaded = bool(of_file) and of_file.items() <= loaded.items()
    if not is_loaded or sync_pauses.waiting(connection) or sync_leases.held(connection):
        return None
    return ledger_report.table_years(connection)


def _count(connection: Connection, count: Count, years: list[int]) -> Count | None:
    """Count some years more; None when one of them is not complete."""
    found = sync_differences.counts(connection, years, MAPPING)
    if found.pending:
        return None
    return replace(
        count,
        last_year=years[-1],
        years=count.years + len(years),
        rows=count.rows + found.synced + found.refused,
        contacts=count.contacts + found.synced,
        refused=count.refused + found.refused,
    )


def told(count: Count) -> Count:
    """The count of a file whose end is known to be told."""
    return replace(count, is_told=True)
