"""The calls of a day, shared by all processes: how many are spent, how many may be, and until when nothing is called.

A day is the account's, by the database's clock. What HubSpot says of the day counts when it is more than what we
counted, because other apps spend the same calls; it never makes calls unspent.
"""

import datetime as dt
from dataclasses import dataclass, fields, replace

import sqlalchemy as sa

from babynames_assets.resilience.account_days import day_of, next_day_begins
from babynames_assets.resilience.allowances import DailyCount, DailyTerms
from babynames_assets.warehouse.clock import Clock, as_moment
from babynames_assets.warehouse.engine import Connection
from babynames_assets.warehouse.rows import NEW, upsert
from babynames_assets.warehouse.tables import daily_budgets

_REASON_LENGTH = 255


@dataclass(frozen=True)
class Budget:
    """The row of an account.

    Attributes:
        day: the account's day that ``spent`` is of.
        time_zone: the account's, once it is known.
        allowed: calls of a day, as HubSpot said, once it did.
        spent: calls of the day, by whomever.
        paused_until: no call is made before this moment, in UTC without a zone.
        pause_reason: why.
    """

    day: dt.date
    time_zone: str | None = None
    allowed: int | None = None
    spent: int = 0
    paused_until: dt.datetime | None = None
    pause_reason: str | None = None

    def today(self, moment: dt.datetime) -> "Budget":
        """The budget as it is at a moment: a new day begins with nothing spent, and a pause ends."""
        day = day_of(_with_zone(moment), self.time_zone)
        # A clock that was set back does not give a day's calls a second time.
        budget = replace(self, day=day, spent=0) if day > self.day else self
        if budget.paused_until and budget.paused_until <= moment:
            return replace(budget, paused_until=None, pause_reason=None)
        return budget

    def knowing(self, count: DailyCount | None) -> "Budget":
        """With what HubSpot said of a day."""
        if count is None:
            return self
        spent = max(self.spent, count.spent) if count.day == self.day else self.spent
        return replace(self, allowed=count.allowed, spent=spent)

    def left(self, terms: DailyTerms) -> int | None:
        """Calls that may still be spent, the reserve left out; None where days are not counted."""
        if terms.calls is None:
            return None
        allowed = min(terms.calls, self.allowed or terms.calls)
        return max(0, allowed - round(allowed * terms.reserve) - self.spent)

    def paused(self, moment: dt.datetime, reason: str, until: dt.datetime | None = None) -> "Budget":
        """With nothing called until a moment, or until the next day begins; a longer pause stays."""
        until = until or self.next_day(moment)
        if self.paused_until and self.paused_until > until:
            return self
        return replace(self, paused_until=until, pause_reason=reason[:_REASON_LENGTH])

    def next_day(self, moment: dt.datetime) -> dt.datetime:
        """When the account's next day begins, in UTC without a zone."""
        return next_day_begins(_with_zone(moment), self.time_zone).replace(tzinfo=None)

    def in_zone(self, time_zone: str, moment: dt.datetime) -> "Budget":
        """With the account's time zone; what is spent stays spent, whichever day it is there."""
        return replace(self, time_zone=time_zone, day=day_of(_with_zone(moment), time_zone))


COLUMNS = (
    daily_budgets.c.day,
    daily_budgets.c.time_zone,
    daily_budgets.c.allowed,
    daily_budgets.c.spent,
    daily_budgets.c.paused_until,
    daily_budgets.c.pause_reason,
)


def budget_of(row: sa.Row) -> Budget:
    """A budget from a row that has COLUMNS."""
    return Budget(row.day, row.time_zone, row.allowed, row.spent, row.paused_until, row.pause_reason)


def read(connection: Connection, account: str) -> Budget | None:
    """The account's budget as it is now; None where nothing was called yet."""
    row = connection.execute(sa.select(*COLUMNS, Clock().label("now")).where(is_account(account))).one_or_none()
    return budget_of(row).today(as_moment(row.now)) if row else None


def paused_until(connection: Connection, account: str) -> dt.datetime | None:
    """Until when nothing is called, in UTC; None when calls are made."""
    budget = read(connection, account)
    return _with_zone(budget.paused_until) if budget and budget.paused_until else None


def store(connection: Connection, account: str, budget: Budget) -> None:
    """Write the budget of an account whose row is locked."""
    values = {name: getattr(budget, name) for name in _FIELDS}
    connection.execute(_STORE, {**values, "of_account": account})


def add(connection: Connection, account: str, moment: dt.datetime) -> None:
    """Make the account's row, if there is none."""
    row = {"account": account, "day": day_of(_with_zone(moment), None), "spent": 0}
    upsert(connection, daily_budgets, [row], keys=["account"], update={"account": NEW})


def is_account(account: str) -> sa.ColumnElement[bool]:
    """The row of an account, as a condition."""
    return daily_budgets.c.account == account


def _with_zone(moment: dt.datetime) -> dt.datetime:
    return moment.replace(tzinfo=dt.UTC)


_FIELDS = [field.name for field in fields(Budget)]

# Built once: building it costs more than executing it.
_STORE = (
    daily_budgets.update()
    .where(daily_budgets.c.account == sa.bindparam("of_account"))
    .values({name: sa.bindparam(name) for name in _FIELDS})
)
