"""The books of all calls to one service: places in its rate limits and the calls of its day, in one transaction.

Whatever processes and hosts ask, they ask one row of each, by the database's clock.
"""

import datetime as dt
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
import structlog
from sqlalchemy.sql.expression import ColumnElement

from babynames_assets.errors import PausedError
from babynames_assets.resilience.account_days import is_known
from babynames_assets.resilience.allowances import DailyCount, DailyTerms, Limit, Places
from babynames_assets.warehouse import daily_budgets, rate_limits, tables
from babynames_assets.warehouse.clock import Clock, as_moment
from babynames_assets.warehouse.daily_budgets import Budget
from babynames_assets.warehouse.engine import Connection, Engine, run_in_transaction
from babynames_assets.warehouse.rate_limits import Bucket

UNKNOWN_ZONE_PAUSE = 3600.0
"""Seconds after which calls are made again that a spent day paused, where nobody knows when the day ends."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Page:
    """What the rows say, while this transaction holds them."""

    name: str
    now: int
    bucket: Bucket
    budget: Budget

    @property
    def moment(self) -> dt.datetime:
        """Now, as the tables store it."""
        return as_moment(self.now)


class CallBooks:
    """Hands out places for calls, and counts them. Safe to share between threads.

    What answers say of the limits is noted, and written with the next place: it costs no transaction of its own.
    """

    def __init__(
        self,
        engine: Engine,
        account: str,
        limits: Mapping[str, Sequence[Limit]],
        terms: DailyTerms,
        *,
        clock: ColumnElement[int] | None = None,
    ) -> None:
        """Open the books.

        Args:
            engine: the warehouse; its schema is up to date.
            account: whose day it is.
            limits: by the name of the bucket; all limits of a bucket hold at once.
            terms: what of a day's calls may be spent.
            clock: microseconds since 1970, as a column; the database's by default.
        """
        self._engine, self._account, self._limits, self._terms = engine, account, limits, terms
        self._clock = (Clock() if clock is None else clock).label("now")
        # Built once: building it costs more than executing it.
        self._query = (
            sa.select(*rate_limits.COLUMNS, *daily_budgets.COLUMNS, self._clock)
            .select_from(sa.join(tables.rate_limits, tables.daily_budgets, daily_budgets.is_account(account)))
            .where(tables.rate_limits.c.bucket == sa.bindparam("bucket"))
            .with_for_update()
        )
        self._noting = threading.Lock()
        self._noted_limits: dict[str, Limit] = {}
        self._noted_count: DailyCount | None = None
        self._day = dt.date.min

    @property
    def day(self) -> dt.date:
        """The account's day when the newest place was handed out."""
        return self._day

    def take(self, bucket: str, wanted: int) -> Places:
        """Take up to so many places, and spend as many calls of the day.

        Raises:
            PausedError: the day's calls are spent, but for the reserve, or something else paused the calls.
            RetryableError: the warehouse cannot answer now.
        """
        with self._noting:
            limit = self._noted_limits.pop(bucket, None)
            count, self._noted_count = self._noted_count, None

        def work(connection: Connection) -> tuple[Places, Budget]:
            page = self._read(connection, bucket)
            if limit and limit != page.bucket.learnt:
                rate_limits.learn(connection, bucket, limit)
                page = replace(page, bucket=replace(page.bucket, learnt=limit))
            places, budget = self._spend(connection, page, wanted, count)
            if budget != page.budget:
                daily_budgets.store(connection, self._account, budget)
            return places, budget

        places, budget = run_in_transaction(self._engine, work)
        self._day = budget.day
        if budget.paused_until:
            raise _paused(budget)
        return places

    def note_limit(self, bucket: str, limit: Limit) -> None:
        """Keep what an answer said of a bucket's limit."""
        with self._noting:
            self._noted_limits[bucket] = limit

    def note_count(self, count: DailyCount) -> None:
        """Keep what an answer said of a day: of two the later day, and of a day the larger number."""
        with self._noting:
            noted = self._noted_count
            if noted is None or (noted.day, noted.spent) < (count.day, count.spent):
                self._noted_count = count

    def close(self, bucket: str, *, least: float, most: float) -> None:
        """Hand out no place of a bucket for a while, to nobody: its limit was met all the same.

        Args:
            bucket: its name.
            least: seconds.
            most: seconds, if it was met a moment ago too.
        """

        def work(connection: Connection) -> float:
            page = self._read(connection, bucket)
            seconds = rate_limits.closure(page.bucket, page.now, least=least, most=most)
            if seconds:
                rate_limits.close(connection, bucket, page.now, seconds)
            return seconds

        if seconds := run_in_transaction(self._engine, work):
            _log.warning("rate_limit_closed", bucket=bucket, seconds=round(seconds, 3))

    def pause(self, reason: str, seconds: float | None = None) -> PausedError:
        """Make no call for a while, or until the account's next day; gives the error that says so."""

        def pause(budget: Budget, moment: dt.datetime) -> Budget:
            wait = UNKNOWN_ZONE_PAUSE if seconds is None and not is_known(budget.time_zone) else seconds
            return budget.paused(moment, reason, None if wait is None else moment + dt.timedelta(seconds=wait))

        budget = self._change_budget(pause)
        _log.warning("calls_paused", reason=reason, until=str(budget.paused_until))
        return _paused(budget)

    def set_time_zone(self, time_zone: str) -> None:
        """Count days as the account does."""
        if is_known(time_zone):
            self._change_budget(lambda budget, moment: budget.in_zone(time_zone, moment))

    def _change_budget(self, change: Callable[[Budget, dt.datetime], Budget]) -> Budget:
        def work(connection: Connection) -> Budget:
            page = self._read(connection, next(iter(self._limits)))
            budget = change(page.budget.today(page.moment), page.moment)
            if budget != page.budget:
                daily_budgets.store(connection, self._account, budget)
            return budget

        return run_in_transaction(self._engine, work)

    def _spend(
        self, connection: Connection, page: _Page, wanted: int, count: DailyCount | None
    ) -> tuple[Places, Budget]:
        budget = page.budget.today(page.moment).knowing(count)
        left = budget.left(self._terms)
        if left == 0 and not budget.paused_until:
            budget = budget.paused(page.moment, _spent(budget, self._terms))
            _log.warning("daily_budget_spent", spent=budget.spent, until=str(budget.paused_until))
        if budget.paused_until:
            return Places(), budget
        wanted = wanted if left is None else min(wanted, left)
        taken, places = rate_limits.take(page.bucket, page.now, self._limits[page.name], wanted)
        if taken[-1:] != page.bucket.taken[-1:]:  # also when none was free, but the clock was set back
            rate_limits.store(connection, page.name, taken, page.now)
        return places, replace(budget, spent=budget.spent + len(places.waits))

    def _read(self, connection: Connection, bucket: str) -> _Page:
        """The rows under their locks. The bucket's comes first in every transaction, so that none waits in a circle."""
        row = connection.execute(self._query, {"bucket": bucket}).one_or_none()
        if row is None:
            moment = as_moment(connection.execute(sa.select(self._clock)).scalar_one())
            rate_limits.add(connection, bucket, moment)
            daily_budgets.add(connection, self._account, moment)
            row = connection.execute(self._query, {"bucket": bucket}).one()
        return _Page(bucket, row.now, rate_limits.bucket_of(row), daily_budgets.budget_of(row))


def _spent(budget: Budget, terms: DailyTerms) -> str:
    return (
        f"The calls of {budget.day} are spent, {budget.spent:,} of them, and BABYNAMES_HUBSPOT__DAILY_RESERVE keeps "
        f"{terms.reserve:.0%} of the day's back."
    )


def _paused(budget: Budget) -> PausedError:
    until = budget.paused_until and budget.paused_until.replace(tzinfo=dt.UTC)
    return PausedError(f"{budget.pause_reason} It goes on by itself after {until:%Y-%m-%d %H:%M:%S} UTC.", until=until)
