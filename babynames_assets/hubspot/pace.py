"""What stands before and after each try of a call: the circuit, a place under the limits, the calls of the day."""

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import structlog

from babynames_assets.errors import BabynamesError, PausedError
from babynames_assets.hubspot.limits import BURST, SEARCH, bucket_of, count_in, limit_in
from babynames_assets.hubspot.responses import Answer, LimitedError
from babynames_assets.resilience.allowances import DailyCount, Limit, Places
from babynames_assets.resilience.circuit_breaker import CircuitBreaker, Outcome, Permit
from babynames_assets.resilience.rate_limiter import RateLimiter

FIRST_CLOSURE = 1.0
"""Seconds for which nobody calls after a limit was met once: a call that was a little too fast is not worth ten."""

_log = structlog.get_logger(__name__)


class Books(Protocol):
    """Where the calls of all processes are counted. Safe to share between threads."""

    @property
    def day(self) -> dt.date:
        """The account's day when the newest place was handed out."""

    def take(self, bucket: str, wanted: int) -> Places:
        """Take up to so many places, and spend as many calls of the day.

        Raises:
            PausedError: the day's calls are spent, or the calls are paused.
        """

    def note_limit(self, bucket: str, limit: Limit) -> None:
        """Keep what an answer said of a bucket's limit."""

    def note_count(self, count: DailyCount) -> None:
        """Keep what an answer said of a day."""

    def close(self, bucket: str, *, least: float, most: float) -> None:
        """Hand out no place of a bucket for some seconds, to nobody; for longer each time that it follows another."""

    def pause(self, reason: str, seconds: float | None = None) -> PausedError:
        """Make no call for a while, or until the account's next day; gives the error that says so."""

    def set_time_zone(self, time_zone: str) -> None:
        """Count days as the account does."""


@dataclass
class Turn:
    """One try of a call.

    Attributes:
        bucket: whose place it needs.
        permit: leave to ask HubSpot at all.
        waited: seconds that it waited for its place.
        day: the account's day in which it is made.
        outcome: what came of it.
    """

    bucket: str
    permit: Permit
    waited: float = 0.0
    day: dt.date = dt.date.min
    outcome: Outcome = Outcome.NOT_MADE


class Pace:
    """Gives each try its turn, and learns from its answer. Safe to share between threads."""

    def __init__(
        self,
        books: Books,
        breaker: CircuitBreaker,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make a pace.

        Args:
            books: hands out places and counts the day.
            breaker: knows whether HubSpot is down.
            sleep: waits so many seconds.
            clock: monotonic seconds.
        """
        self._books, self._breaker = books, breaker
        self._limiters = {
            bucket: RateLimiter(partial(books.take, bucket), sleep=sleep, clock=clock) for bucket in (BURST, SEARCH)
        }
        self._counting = threading.Lock()
        self._under_way = 0

    @contextmanager
    def turn(self, path: str) -> Iterator[Turn]:
        """A try of a call begins and ends with the block; what came of it stands in its ``outcome``.

        Raises:
            CircuitOpenError: HubSpot is down; nothing is spent.
        """
        turn = Turn(bucket_of(path), self._breaker.enter())
        with self._counting:
            self._under_way += 1
        try:
            yield turn
        finally:
            with self._counting:
                self._under_way -= 1
            self._breaker.leave(turn.permit, turn.outcome)

    def wait(self, turn: Turn) -> None:
        """Wait for a place, and spend a call of the day; return when the request has to be sent.

        Raises:
            CircuitOpenError: HubSpot went down meanwhile.
            PausedError: the day's calls are spent, or HubSpot takes none for long.
            RetryableError: the warehouse cannot answer now.
        """

        def enter_again() -> None:
            if turn.permit.trial is None:
                turn.permit = self._breaker.enter()

        # In the limiter's hands: the breaker may ask the warehouse, and a place that has passed meanwhile is given up.
        turn.waited = self._limiters[turn.bucket].acquire(last_look=enter_again)
        turn.day = self._books.day

    def learn(self, turn: Turn, answer: Answer) -> None:
        """Keep what an answer says of the limits."""
        turn.outcome = Outcome.FAILED if answer.status >= 500 else Outcome.ANSWERED
        if limit := limit_in(answer.headers):
            self._books.note_limit(turn.bucket, limit)
        if count := count_in(answer.headers, turn.day):
            # HubSpot may not have seen the other calls that are on their way.
            self._books.note_count(replace(count, spent=count.spent + self._under_way - 1))

    def heed(self, turn: Turn, error: BabynamesError, *, longest_wait: float) -> BabynamesError:
        """Make all processes wait that have to, after an answer that says so.

        Args:
            turn: the try's.
            error: what the answer became.
            longest_wait: seconds that a call waits for its next try.

        Returns:
            The error to raise.
        """
        try:
            if isinstance(error, LimitedError):
                most = min(error.retry_after or 0.0, longest_wait)
                self._books.close(turn.bucket, least=most if error.is_told else min(FIRST_CLOSURE, most), most=most)
                self._limiters[turn.bucket].give_up_places()
            elif isinstance(error, PausedError):
                seconds = (error.until - dt.datetime.now(dt.UTC)).total_seconds() if error.until else None
                error = self._books.pause(str(error), seconds)
                for limiter in self._limiters.values():
                    limiter.give_up_places()
        except BabynamesError as failure:
            # HubSpot's word counts more than that the warehouse could not be told of it.
            _log.warning("limit_not_recorded", error=str(failure))
        return error

    def set_time_zone(self, time_zone: str) -> None:
        """Count days as the account does."""
        self._books.set_time_zone(time_zone)
