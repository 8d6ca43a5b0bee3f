"""Where the contacts stand: what is synced and what is left by year, and who or what it waits for."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from babynames_assets.sync.plan import read_differences
from babynames_assets.warehouse import sync_leases, sync_pauses, sync_plans
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.sync_differences import YearDifference
from babynames_assets.warehouse.sync_leases import HeldYear
from babynames_assets.warehouse.sync_plans import KeptPlan


@dataclass(frozen=True)
class SyncStanding:
    """Where the sync stands at one moment.

    Attributes:
        years: the counts of each year.
        paused: years that wait for another day's calls, and from when on they go on.
        held: years that a sync writes now.
        begun: plans that a sync began and did not finish.
    """

    years: Mapping[int, YearDifference]
    paused: Mapping[int, dt.datetime]
    held: Sequence[HeldYear]
    begun: Sequence[KeptPlan]


def standing(engine: Engine, years: tuple[int, int] | None) -> SyncStanding:
    """Look where the contacts of some years stand; what it waits for is told of all years.

    Args:
        engine: the warehouse.
        years: first and last year, or None for all.

    Raises:
        FatalError: there is no row and no contact of these years.
    """
    with connect(engine) as connection:
        return SyncStanding(
            years=read_differences(connection, years),
            paused=sync_pauses.waiting(connection),
            held=sync_leases.held(connection),
            begun=sync_plans.begun(connection),
        )
