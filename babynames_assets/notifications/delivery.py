"""Sends what waits: each message is claimed in the database first, and settled by what came back."""

import random
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from babynames_assets.errors import BabynamesError, RetryableError
from babynames_assets.notifications.channels import Outgoing, Route
from babynames_assets.notifications.masking import first_line
from babynames_assets.notifications.news import Message
from babynames_assets.resilience.backoff import Backoff
from babynames_assets.warehouse import deliveries
from babynames_assets.warehouse.deliveries import ClaimedDelivery
from babynames_assets.warehouse.engine import Engine, run_in_transaction

LONGEST_WAIT = 3_600.0
"""Seconds between two attempts, also when a receiver asks for more."""

_log = structlog.get_logger(__name__)
_jitter = random.Random()  # noqa: S311 - spreads attempts in time, guards no secret


@dataclass(frozen=True)
class Delivered:
    """What became of the messages of a channel that were due."""

    sent: int = 0
    postponed: int = 0
    dead: int = 0


def deliver(engine: Engine, route: Route, backoff: Backoff, *, rng: random.Random = _jitter) -> Delivered:
    """Send what is due on one channel, until nothing is or the channel cannot take more now.

    Args:
        engine: the warehouse.
        route: the channel.
        backoff: how often a message is tried, and when again.
        rng: source of the jitter.
    """
    sent = dead = 0
    while claimed := deliveries.claim(engine, route.name, uuid.uuid4().hex):
        try:
            reply = route.channel.send(Outgoing(claimed.id, Message.from_json(claimed.message)))
        except RetryableError as error:
            if not _try_later(engine, claimed, error, backoff, rng):
                return Delivered(sent, dead=dead + 1)
            return Delivered(sent, 1, dead)
        except BabynamesError as error:
            _bury(engine, claimed, error)
            dead += 1
        else:
            run_in_transaction(engine, partial(deliveries.succeed, claimed=claimed, note=reply))
            _log.info("notification_sent", channel=route.name, delivery=claimed.id, attempt=claimed.attempts)
            sent += 1
    return Delivered(sent, dead=dead)


class Courier:
    """Sends in threads of its own, one a channel, so that a slow channel keeps nobody waiting.

    A thread that its process does not outlive loses its claim, and the next one sends the message.
    """

    def __init__(self, open_engine: Callable[[], Engine]) -> None:
        self._open_engine = open_engine
        self._under_way: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def send(self, routes: Sequence[Route], backoff: Backoff) -> list[str]:
        """Begin to send on each channel on which nothing is being sent; returns those that are still busy."""
        with self._lock:
            busy = [route.name for route in routes if self._is_busy(route.name)]
            for route in routes:
                if route.name not in busy:
                    thread = threading.Thread(
                        target=self._deliver, args=(route, backoff), name=f"notify-{route.name}", daemon=True
                    )
                    self._under_way[route.name] = thread
                    thread.start()
        return busy

    def wait(self, seconds: float) -> list[str]:
        """Wait until everything is sent, but not longer; returns the channels that are still busy."""
        with self._lock:
            threads = dict(self._under_way)
        stop = threading.Event()
        timer = threading.Timer(seconds, stop.set)
        timer.daemon = True
        timer.start()
        for thread in threads.values():
            while thread.is_alive() and not stop.is_set():
                thread.join(0.02)
        timer.cancel()
        return [name for name, thread in threads.items() if thread.is_alive()]

    def _is_busy(self, channel: str) -> bool:
        thread = self._under_way.get(channel)
        return thread is not None and thread.is_alive()

    def _deliver(self, route: Route, backoff: Backoff) -> None:
        try:
            engine = self._open_engine()
            try:
                deliver(engine, route, backoff)
            finally:
                engine.dispose()
        except Exception as error:  # noqa: BLE001 - the edge of a thread: its messages wait for the next one
            _log.error("notifications_not_delivered", channel=route.name, error=first_line(str(error)))


def _try_later(
    engine: Engine, claimed: ClaimedDelivery, error: RetryableError, backoff: Backoff, rng: random.Random
) -> bool:
    wait = backoff.wait_after(claimed.attempts, rng)
    if wait is None:
        _bury(engine, claimed, error)
        return False
    if error.retry_after is not None:
        wait = min(max(error.retry_after, 1.0), LONGEST_WAIT)
    with_others = error.retry_after is not None
    run_in_transaction(
        engine,
        partial(deliveries.postpone, claimed=claimed, note=str(error), seconds=wait, with_others=with_others),
    )
    _log.warning(
        "notification_postponed", channel=claimed.channel, delivery=claimed.id, wait=round(wait, 1), error=str(error)
    )
    return True


def _bury(engine: Engine, claimed: ClaimedDelivery, error: BabynamesError) -> None:
    run_in_transaction(engine, partial(deliveries.bury, claimed=claimed, note=str(error)))
    _log.error(
        "notification_not_delivered",
        channel=claimed.channel,
        delivery=claimed.id,
        attempts=claimed.attempts,
        error=str(error),
    )
