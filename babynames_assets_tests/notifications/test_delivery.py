"""Tests of sending what waits: claims, order, retries, what cannot be delivered, and a process that dies."""

import datetime as dt
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.notifications.channels import Route
from babynames_assets.notifications.delivery import LONGEST_WAIT, Courier, Delivered, deliver
from babynames_assets.notifications.web import Patience
from babynames_assets.notifications.webhook import Webhook
from babynames_assets.resilience.backoff import Backoff
from babynames_assets.warehouse import clock, deliveries, delivery_reviews
from babynames_assets.warehouse.engine import Engine, connect, open_engine, run_in_transaction
from babynames_assets_tests.notifications.receivers import Answer, mail_server, receiving
from babynames_assets_tests.notifications.samples import ALL, Listener, bad, good, notifier, route, stored
from babynames_assets_tests.notifications.test_mail import mail

BACKOFF = Backoff(attempts=3, first_wait=10, max_wait=LONGEST_WAIT)
LEAST = random.Random(1)  # noqa: S311 - spreads attempts in time, guards no secret
_SEND_AND_DIE = """
import os, signal, sys
from pydantic import SecretStr
from babynames_assets.notifications.channels import Route
from babynames_assets.notifications.delivery import deliver
from babynames_assets.resilience.backoff import Backoff
from babynames_assets.warehouse.engine import open_engine
from babynames_assets_tests.notifications.samples import route

class Fatal:
    def send(self, outgoing):
        print("sent", outgoing.number, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

one = route()
object.__setattr__(one, "channel", Fatal())
deliver(open_engine(SecretStr(sys.argv[1])), one, Backoff())
"""


def listener(*errors: RetryableError | FatalError) -> tuple[Listener, Route]:
    """A channel that raises these first."""
    one = route()
    assert isinstance(one.channel, Listener)
    one.channel.errors = list(errors)
    return one.channel, one


def let_all_be_due(engine: Engine) -> None:
    """As if what waits had waited."""
    table = sa.table("notification_deliveries", sa.column("next_attempt_at"))
    with engine.begin() as connection:
        waits = table.update().where(table.c.next_attempt_at.is_not(None))
        connection.execute(waits.values(next_attempt_at=dt.datetime(2001, 1, 1)))  # noqa: DTZ001 - as tables store it


def wait_of(engine: Engine) -> float:
    """Seconds until the first message is tried again."""
    with connect(engine) as connection:
        now = clock.moment(connection)
    moments = [one.next_attempt_at for one in stored(engine) if one.next_attempt_at]
    return (min(moments) - now).total_seconds()


def test_a_message_is_sent_once_and_recorded(engine: Engine) -> None:
    """With what came back, and when."""
    notifier(engine).saw([bad(2001)])
    heard, one = listener()

    assert deliver(engine, one, BACKOFF) == Delivered(sent=1)
    assert deliver(engine, one, BACKOFF) == Delivered()

    [delivery] = stored(engine)
    assert [outgoing.number for outgoing in heard.heard] == [delivery.id]
    assert (delivery.status, delivery.note, delivery.attempts) == ("sent", "heard", 1)
    assert delivery.settled_at
    assert delivery.claimed_by is None


def test_a_receiver_that_cannot_take_it_now_is_tried_later(engine: Engine) -> None:
    """Later each time; then the message is dead, and a person can have it sent again."""
    notifier(engine).saw([bad(2001)])
    heard, one = listener(*(RetryableError("busy") for _ in range(3)))
    waits = []
    for _ in range(2):
        assert deliver(engine, one, BACKOFF, rng=LEAST) == Delivered(postponed=1)
        waits.append(wait_of(engine))
        assert deliver(engine, one, BACKOFF) == Delivered()  # not before its time
        let_all_be_due(engine)
    assert 3 < waits[0] < 11
    assert waits[1] > waits[0]

    assert deliver(engine, one, BACKOFF) == Delivered(dead=1)
    with connect(engine) as connection:
        assert delivery_reviews.counts(connection) == {"dead": 1}
        [dead] = delivery_reviews.deliveries(connection, statuses=["dead"])
    assert (dead.note, dead.attempts) == ("busy", 3)

    assert run_in_transaction(engine, lambda connection: delivery_reviews.retry(connection, [dead.id])) == 1
    assert deliver(engine, one, BACKOFF) == Delivered(sent=1)
    assert len(heard.heard) == 1


def test_what_is_refused_for_good_is_dead_at_once(engine: Engine) -> None:
    """And does not keep the next message from being sent."""
    notifier(engine).saw([bad(2001), bad(2001, key="another")])
    heard, one = listener(FatalError("no such address"))

    assert deliver(engine, one, BACKOFF) == Delivered(sent=1, dead=1)
    assert len(heard.heard) == 1
    discarded = run_in_transaction(
        engine, lambda connection: delivery_reviews.discard(connection, None, because="told by phone")
    )
    assert discarded == 1
    first = stored(engine)[0]
    assert (first.status, first.note) == ("discarded", "told by phone")


def test_a_receiver_that_asks_for_time_gets_it_for_all_messages(engine: Engine) -> None:
    """As long as it asks, but not longer than an hour."""
    notifier(engine).saw([bad(2001), bad(2001, key="another")])
    _, one = listener(RetryableError("slow down", retry_after=120), RetryableError("slow down", retry_after=1e9))

    assert deliver(engine, one, BACKOFF) == Delivered(postponed=1)
    assert deliver(engine, one, BACKOFF) == Delivered()
    assert 110 < wait_of(engine) <= 120

    let_all_be_due(engine)
    deliver(engine, one, BACKOFF)
    assert LONGEST_WAIT - 60 < wait_of(engine) <= LONGEST_WAIT


def test_the_end_is_never_told_before_the_beginning(engine: Engine) -> None:
    """An alert that is resolved before it is triggered would stay open for ever."""
    desk = notifier(engine)
    desk.saw([bad(2001)])
    heard, one = listener(RetryableError("busy"))
    deliver(engine, one, BACKOFF)
    desk.saw([good(2001)])
    desk.saw([bad(2001, key="another")])

    assert deliver(engine, one, BACKOFF) == Delivered(sent=1)  # of the other incident
    let_all_be_due(engine)
    assert deliver(engine, one, BACKOFF) == Delivered(sent=2)
    assert [outgoing.message.event for outgoing in heard.heard] == ["opened", "opened", "resolved"]


def test_several_senders_send_each_message_once(engine: Engine) -> None:
    """What one has claimed, no other takes."""
    notifier(engine).saw([bad(2001, key=str(number)) for number in range(20)])
    heard, one = listener()
    barrier = threading.Barrier(4)

    def send() -> None:
        barrier.wait()
        deliver(engine, one, BACKOFF)

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outgoing.number for outgoing in heard.heard) == sorted(found.id for found in stored(engine))


def test_a_message_outlives_the_process_that_sent_it(sqlite_engine: Engine, sqlite_url: str) -> None:
    """Killed between the sending and the record: it is sent again when the claim has ended, and not before."""
    notifier(sqlite_engine).saw([bad(2001)])
    died = subprocess.run(
        [sys.executable, "-c", _SEND_AND_DIE, sqlite_url],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
    )
    heard, one = listener()

    assert died.returncode == -signal.SIGKILL, died.stderr
    assert died.stdout.split() == ["sent", str(stored(sqlite_engine)[0].id)]
    assert deliver(sqlite_engine, one, BACKOFF) == Delivered()
    let_all_be_due(sqlite_engine)
    assert deliver(sqlite_engine, one, BACKOFF) == Delivered(sent=1)
    assert heard.heard[0].number == int(died.stdout.split()[1])


def test_a_sender_that_was_taken_for_dead_changes_nothing(engine: Engine) -> None:
    """Another has the message by now; what it records stays."""
    notifier(engine).saw([bad(2001)])
    slow = deliveries.claim(engine, "slack", "slow", seconds=-1)
    quick = deliveries.claim(engine, "slack", "quick")
    assert slow
    assert quick
    assert slow.id == quick.id

    run_in_transaction(engine, lambda connection: deliveries.succeed(connection, quick, "taken"))
    run_in_transaction(engine, lambda connection: deliveries.bury(connection, slow, "late"))

    assert [(found.status, found.note) for found in stored(engine)] == [("sent", "taken")]


def test_over_http_it_goes_through_bad_answers_to_a_good_one(sqlite_engine: Engine) -> None:
    """A 500, a 429 and a timeout later the receiver has the message, with one number at every attempt."""
    answers = [Answer(500), Answer(429, headers={"Retry-After": "7"}), Answer(200, delay=1.0), Answer(200)]
    with receiving(*answers) as receiver:
        channel = Webhook(SecretStr(receiver.url), SecretStr("k" * 16), Patience(1, 0.3))
        one = Route("webhook", ALL, False, channel)
        notifier(sqlite_engine, [one]).saw([bad(2001)])
        done = []
        for _ in answers:
            done.append(deliver(sqlite_engine, one, Backoff(attempts=9)))
            let_all_be_due(sqlite_engine)

    assert done == [Delivered(postponed=1)] * 3 + [Delivered(sent=1)]
    assert len({request.headers["x-babynames-delivery"] for request in receiver.requests}) == 1


def test_a_slow_channel_keeps_nobody_waiting(sqlite_engine: Engine, sqlite_url: str) -> None:
    """The other channel is done at once; the slow one goes on beside, and its message arrives once."""
    with mail_server() as box:
        box.gate = threading.Event()
        email = Route("email", ALL, False, mail(box, timeout=60))
        quick = route("slack")
        notifier(sqlite_engine, [email, quick]).saw([bad(2001)])
        courier = Courier(lambda: open_engine(SecretStr(sqlite_url)))

        assert courier.send([email, quick], BACKOFF) == []
        while courier.wait(0.1) != ["email"]:
            """The quick one needs a moment."""
        assert courier.send([email, quick], BACKOFF) == ["email"]
        box.gate.set()
        assert courier.wait(60) == []

    assert len(box.mails) == 1
    assert {found.channel: found.status for found in stored(sqlite_engine)} == {"email": "sent", "slack": "sent"}


def test_a_courier_survives_what_it_cannot_do(sqlite_engine: Engine, tmp_path: Path) -> None:
    """A warehouse that is gone ends the thread with a line in the log, and the message waits for the next one."""
    notifier(sqlite_engine).saw([bad(2001)])
    courier = Courier(lambda: open_engine(SecretStr(f"sqlite:///{tmp_path / 'other.sqlite'}")))

    courier.send([route()], BACKOFF)

    assert courier.wait(10) == []
    assert [found.status for found in stored(sqlite_engine)] == ["waiting"]


@pytest.mark.parametrize("seconds", [0.0, 0.05])
def test_waiting_ends_when_nothing_is_sent(seconds: float) -> None:
    """Nobody is waited for."""
    assert Courier(lambda: open_engine(SecretStr("sqlite://"))).wait(seconds) == []
