"""What is left of the day's calls, for whoever plans or looks."""

import datetime as dt
from dataclasses import dataclass

from babynames_assets.hubspot.limits import ACCOUNT, TIERS
from babynames_assets.resilience.allowances import DailyTerms
from babynames_assets.setting_groups import HubSpotSettings
from babynames_assets.warehouse import daily_budgets
from babynames_assets.warehouse.engine import Connection


@dataclass(frozen=True)
class Day:
    """The account's day as it is now.

    Attributes:
        calls: calls of a whole day, the smaller number of the tier's and HubSpot's; None where there is no such limit.
        left: calls that may still be made, the reserve left out; None where there is no such limit.
        paused_until: no call is made before this moment; None when calls are made.
    """

    calls: int | None
    left: int | None
    paused_until: dt.datetime | None


def read_day(connection: Connection, settings: HubSpotSettings) -> Day:
    """Look into the books.

    Args:
        connection: the warehouse.
        settings: the account's.
    """
    terms = DailyTerms(TIERS[settings.tier].calls_per_day, settings.daily_reserve)
    if terms.calls is None:
        return Day(None, None, daily_budgets.paused_until(connection, ACCOUNT))
    budget = daily_budgets.read(connection, ACCOUNT)
    if budget is None:
        # Nothing was called yet.
        return Day(terms.calls, terms.calls - round(terms.calls * terms.reserve), None)
    until = budget.paused_until.replace(tzinfo=dt.UTC) if budget.paused_until else None
    return Day(min(terms.calls, budget.allowed or terms.calls), budget.left(terms), until)
