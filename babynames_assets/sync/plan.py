"""What a sync would do, before it does it: contacts, calls, the share of a day, the time, and some examples.

Nothing is asked of HubSpot. The figures are those of a sync without bad days: a retry, or a batch that is halved to
find whom HubSpot refuses, is a call more.
"""

import datetime as dt
import math
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from babynames_assets.errors import FatalError
from babynames_assets.hubspot.contact_writes import MAX_BATCH
from babynames_assets.hubspot.limits import BURST, TIERS, limits_of, shortest_time
from babynames_assets.hubspot.properties import SCHEMA
from babynames_assets.setting_groups import HubSpotSettings
from babynames_assets.sync.contacts import MAPPING
from babynames_assets.sync.picture import Picture, picture_of
from babynames_assets.warehouse import sync_differences, sync_plans
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.sync_differences import DifferenceExample, YearDifference

EXAMPLES = 5
"""Contacts of each kind that a plan shows."""

SCHEMA_CALLS = 1 + len(SCHEMA)
"""Before its first contact a sync looks at the account and its properties; one that is missing is a call more, once."""


@dataclass(frozen=True)
class Calls:
    """Calls of HubSpot's API.

    Attributes:
        schema: looks at the account and its properties.
        upsert: batches of contacts that are new or changed.
        look_up: batches of contacts to be archived of which nobody knows whether HubSpot has them.
        archive: batches of contacts to be archived; one more for each look-up that finds only such as are there.
    """

    schema: int
    upsert: int
    look_up: int
    archive: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.schema + self.upsert + self.look_up + self.archive


@dataclass(frozen=True)
class SyncPlan:
    """What a sync of some years would do.

    Attributes:
        plan_id: names it to a sync.
        made_at: when, in UTC.
        expires_at: a sync cannot begin it later.
        first_year: first year that it speaks of.
        last_year: last year that it speaks of.
        digest: SHA-256 of its picture.
        years: the counts of each year.
        calls: what it costs.
        seconds: the time at the allowed rate; answers that are slower than it make it longer.
        calls_per_day: the account's allowance, or None where there is no such limit.
        kept: contacts whose row has gone and that the setting keeps.
        needs_plan: years that would lose more contacts than a sync may archive without this plan.
        examples: some contacts of each kind.
    """

    plan_id: str
    made_at: dt.datetime
    expires_at: dt.datetime
    first_year: int
    last_year: int
    digest: str
    years: dict[int, YearDifference]
    calls: Calls
    seconds: float
    calls_per_day: int | None
    kept: int
    needs_plan: list[int]
    examples: list[DifferenceExample]

    @property
    def totals(self) -> YearDifference:
        """The counts of all years."""
        return total_of(self.years)

    @property
    def share_of_day(self) -> float | None:
        """The calls as a share of a day's."""
        return self.calls.total / self.calls_per_day if self.calls_per_day else None


def plan_sync(engine: Engine, years: tuple[int, int] | None, settings: HubSpotSettings) -> SyncPlan:
    """Plan a sync, and keep the plan.

    Args:
        engine: the warehouse.
        years: first and last year, or None for all that the table or HubSpot has.
        settings: the account's.

    Raises:
        FatalError: there is no row and no contact of these years.
    """
    with connect(engine) as connection:
        differences = read_differences(connection, years)
        kept_contacts = 0
        if settings.removed_contacts == "keep":
            kept_contacts = sum(year.archive for year in differences.values())
            differences = {year: replace(found, archive=0, uncertain=0) for year, found in differences.items()}
        picture = picture_of(connection, differences, settings.removed_contacts)
        examples = sync_differences.examples(connection, differences, MAPPING, limit=EXAMPLES)
        calls = _calls(connection, differences)
    first, last = years or (min(differences), max(differences))
    kept = run_in_transaction(
        engine,
        lambda connection: sync_plans.keep(
            connection,
            secrets.token_hex(4),
            (first, last),
            picture.as_json(),
            picture.digest(),
            valid=dt.timedelta(hours=settings.plan_valid_hours),
        ),
    )
    return SyncPlan(
        plan_id=kept.plan_id,
        made_at=kept.made_at.replace(tzinfo=dt.UTC),
        expires_at=kept.expires_at.replace(tzinfo=dt.UTC),
        first_year=first,
        last_year=last,
        digest=kept.digest,
        years=differences,
        calls=calls,
        seconds=shortest_time(calls.total, limits_of(settings.tier)[BURST]),
        calls_per_day=TIERS[settings.tier].calls_per_day,
        kept=kept_contacts,
        needs_plan=[
            year for year, found in differences.items() if is_too_much(picture, year, found, settings.max_archive_share)
        ],
        examples=examples,
    )


def read_differences(connection: Connection, years: tuple[int, int] | None) -> dict[int, YearDifference]:
    """The counts of a range of years.

    Raises:
        FatalError: there is no row and no contact of these years.
    """
    found = sync_differences.by_year(connection, range(years[0], years[1] + 1) if years else None, MAPPING)
    if not found:
        of = f"of {years[0]} to {years[1]}" if years else "at all"
        raise FatalError(f"The warehouse has no row and no contact {of}: materialize warehouse/baby_names first.")
    return found


def total_of(years: Mapping[int, YearDifference]) -> YearDifference:
    """The counts of all years as one."""
    names = YearDifference.__dataclass_fields__
    return YearDifference(**{name: sum(getattr(year, name) for year in years.values()) for name in names})


def is_too_much(picture: Picture, year: int, found: YearDifference, max_share: float) -> bool:
    """Whether a sync without a plan would refuse to archive what a year has lost."""
    return picture.years[year].archive > max_share * found.recorded


def _calls(connection: Connection, differences: Mapping[int, YearDifference]) -> Calls:
    """Batches are filled across years."""
    upserts = math.ceil(sum(found.create + found.update for found in differences.values()) / MAX_BATCH)
    with_gone = [year for year, found in differences.items() if found.archive]
    look_ups, archives = 0, math.ceil(sum(differences[year].archive for year in with_gone) / MAX_BATCH)
    if any(differences[year].uncertain for year in with_gone):
        look_ups, archives = sync_differences.archive_calls(connection, with_gone, size=MAX_BATCH)
    return Calls(schema=SCHEMA_CALLS if upserts else 0, upsert=upserts, look_up=look_ups, archive=archives)
