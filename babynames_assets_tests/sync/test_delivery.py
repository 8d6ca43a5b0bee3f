"""Tests of batches on their way: side by side, in any order, and stopped without loss."""

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from babynames_assets.errors import CircuitOpenError, FatalError, PausedError, RetryableError
from babynames_assets.sync.delivery import RECORDED_TOGETHER, Delivery, Means, StoppedError
from babynames_assets.sync.set_aside import BatchesLeftError
from babynames_assets.sync.stopping import Stop, StopAskedError

SECONDS = 30.0


def nothing() -> None:
    """Everything may be sent, nothing has to be kept."""


@dataclass
class Desk:
    """What a delivery of numbers does, with a gate for each that a test opens.

    Attributes:
        begun: numbers whose send was entered.
        sent: numbers whose request was made: behind the check.
        recorded: numbers by transaction.
        held: numbers whose answer waits for its gate.
        held_until_stop: numbers whose answer comes when no more requests are made.
        fails: what the send of a number raises.
    """

    begun: list[int] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    recorded: list[list[int]] = field(default_factory=list)
    held: dict[int, threading.Event] = field(default_factory=dict)
    held_until_stop: set[int] = field(default_factory=set)
    fails: dict[int, BaseException] = field(default_factory=dict)
    most_under_way: int = 0
    kept: int = 0
    may_send: Callable[[], None] = nothing
    stop: Stop = field(default_factory=Stop)
    _under_way: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, number: int, before: Callable[[], None]) -> str:
        """Make the request of a number."""
        self.begun.append(number)
        before()
        with self._lock:
            self.sent.append(number)
            self._under_way += 1
            self.most_under_way = max(self.most_under_way, self._under_way)
        try:
            if number in self.held:
                assert self.held[number].wait(SECONDS)
            if number in self.held_until_stop:
                until(lambda: is_stopped(before))
            if number in self.fails:
                raise self.fails[number]
            return f"answer {number}"
        finally:
            with self._lock:
                self._under_way -= 1

    def record(self, together: Sequence[tuple[int, str]]) -> None:
        """Record answers; each belongs to its number."""
        assert all(answer == f"answer {number}" for number, answer in together)
        self.recorded.append([number for number, _ in together])

    def keep(self) -> None:
        """Count."""
        self.kept += 1

    def delivery(self, in_flight: int = 4, stop_seconds: float = SECONDS) -> Delivery[int, str]:
        """A delivery at this desk."""
        means = Means(self.send, self.record, tell=nothing, may_send=self.may_send, keep=self.keep)
        return Delivery(means, in_flight=in_flight, stop=self.stop, stop_seconds=stop_seconds)

    @property
    def all_recorded(self) -> list[int]:
        """Numbers in the order of recording."""
        return [number for together in self.recorded for number in together]


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def is_stopped(before: Callable[[], None]) -> bool:
    """Whether no request would be made any more."""
    try:
        before()
    except StoppedError:
        return True
    return False


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 60), in_flight=st.integers(1, 9), seed=st.integers())
def test_every_batch_is_sent_and_recorded_once(count: int, in_flight: int, seed: int) -> None:
    """Whatever the order of the answers; never more under way than allowed, never more in a transaction than agreed."""
    desk, rng = Desk(), random.Random(seed)  # noqa: S311 - guards no secret

    def send(number: int, before: Callable[[], None]) -> str:
        time.sleep(rng.uniform(0, 0.002))
        return desk.send(number, before)

    means = Means(send, desk.record, tell=nothing, may_send=nothing, keep=desk.keep)
    Delivery(means, in_flight=in_flight, stop=Stop(), stop_seconds=SECONDS).run(range(count))

    assert sorted(desk.all_recorded) == sorted(desk.sent) == list(range(count))
    assert desk.most_under_way <= in_flight
    assert all(0 < len(together) <= RECORDED_TOGETHER for together in desk.recorded)


def test_a_slow_answer_holds_up_nobody() -> None:
    """The first batch hangs: all others are sent and recorded meanwhile."""
    desk = Desk(held={0: threading.Event()})
    delivery = desk.delivery(in_flight=3)
    thread = threading.Thread(target=delivery.run, args=(range(40),))

    thread.start()
    until(lambda: len(desk.all_recorded) == 39)
    desk.held[0].set()
    thread.join(SECONDS)

    assert desk.all_recorded[-1] == 0
    assert len(desk.all_recorded) == 40


def test_no_batch_is_read_before_there_is_room_for_it() -> None:
    """However many there are, memory holds those under way."""
    desk = Desk(held={number: threading.Event() for number in range(1000)})
    read: list[int] = []

    def batches() -> Iterator[int]:
        for number in range(1000):
            read.append(number)
            yield number

    thread = threading.Thread(target=desk.delivery(in_flight=5).run, args=(batches(),))
    thread.start()
    until(lambda: len(desk.sent) == 5)

    assert len(read) == 5
    for event in desk.held.values():
        event.set()
    thread.join(SECONDS)
    assert len(read) == len(desk.all_recorded) == 1000


def test_an_error_ends_the_delivery_after_what_is_under_way_is_recorded() -> None:
    """One of four batches fails, the others are answered later: they are recorded, no other is begun."""
    desk = Desk(held={1: threading.Event()}, held_until_stop={0, 2, 3}, fails={1: FatalError("no scope")})

    def batches() -> Iterator[int]:
        yield from range(4)
        raise AssertionError("the delivery reads on")

    def fail_when_all_are_sent() -> None:
        until(lambda: len(desk.sent) == 4)
        desk.held[1].set()

    thread = threading.Thread(target=fail_when_all_are_sent)
    thread.start()
    with pytest.raises(FatalError, match="no scope"):
        desk.delivery(in_flight=4).run(batches())
    thread.join(SECONDS)

    assert sorted(desk.all_recorded) == [0, 2, 3]


def test_the_first_error_is_the_one_that_is_raised() -> None:
    """What fails after it, because everything stops, explains nothing."""
    desk = Desk(held_until_stop={1}, fails={0: PausedError("spent", until=None), 1: RetryableError("late")})

    with pytest.raises(PausedError, match="spent"):
        desk.delivery(in_flight=2).run(range(2))


def test_being_asked_to_stop_ends_it_like_an_error() -> None:
    """What was sent is waited for and recorded, nothing more is begun."""
    desk = Desk(held_until_stop={0, 1, 2})

    def batches() -> Iterator[int]:
        yield from range(3)
        until(lambda: len(desk.sent) == 3)
        desk.stop.ask()
        yield 3

    delivery = desk.delivery()
    with pytest.raises(StopAskedError):
        delivery.run(batches())

    assert sorted(desk.all_recorded) == sorted(desk.begun) == [0, 1, 2]
    assert delivery.under_way == 0


def test_being_asked_to_stop_ends_a_delivery_that_waits_for_answers() -> None:
    """All batches are under way, and HubSpot takes its time."""
    desk = Desk(held={0: threading.Event()})
    delivery = desk.delivery(stop_seconds=0.1)

    def ask() -> None:
        until(lambda: desk.sent == [0])
        desk.stop.ask()

    threading.Thread(target=ask).start()
    with pytest.raises(StopAskedError):
        delivery.run([0])

    assert delivery.under_way == 1
    desk.held[0].set()


def test_an_outcome_that_could_not_be_recorded_is_tried_once_more() -> None:
    """The transaction was rolled back; the same outcomes are recorded before the error goes on."""
    desk = Desk()
    tries: list[list[int]] = []

    def record(together: Sequence[tuple[int, str]]) -> None:
        tries.append([number for number, _ in together])
        if len(tries) == 1:
            raise RetryableError("deadlock")
        desk.record(together)

    means = Means(desk.send, record, tell=nothing, may_send=nothing, keep=nothing)
    with pytest.raises(RetryableError, match="deadlock"):
        Delivery(means, in_flight=2, stop=Stop(), stop_seconds=SECONDS).run(range(3))

    assert tries[0][0] in desk.all_recorded
    assert sorted(desk.all_recorded) == sorted(desk.sent)


def test_a_stop_does_not_wait_for_an_answer_longer_than_it_may() -> None:
    """Whoever wants the process to end gets it; the rest stays in doubt, and is told of."""
    desk = Desk(held={0: threading.Event()})

    def batches() -> Iterator[int]:
        yield from range(2)
        until(lambda: len(desk.sent) == 2)
        desk.stop.ask()
        yield 2

    delivery = desk.delivery(stop_seconds=0.1)
    with structlog.testing.capture_logs() as logs, pytest.raises(StopAskedError):
        delivery.run(batches())

    assert delivery.under_way == 1
    assert desk.all_recorded == [1]
    assert [line["batches"] for line in logs if line["event"] == "batches_left_in_doubt"] == [1]
    desk.held[0].set()


def test_an_error_waits_for_answers_as_long_as_they_take() -> None:
    """Nobody is in a hurry: a batch that was sent is not sent again without need."""
    desk = Desk(held_until_stop={0}, fails={1: FatalError("no")})

    with pytest.raises(FatalError):
        desk.delivery(in_flight=2, stop_seconds=0).run(range(2))

    assert desk.all_recorded == [0]


def test_a_batch_that_fails_for_a_passing_reason_keeps_no_other_waiting_and_is_sent_again() -> None:
    """Behind all others, in the same delivery: it needs no second one."""
    desk = Desk(fails={2: RetryableError("silent twice")})

    def send(number: int, before: Callable[[], None]) -> str:
        try:
            return desk.send(number, before)
        finally:
            desk.fails.pop(number, None)

    means = Means(send, desk.record, tell=nothing, may_send=nothing, keep=nothing)
    Delivery(means, in_flight=3, stop=Stop(), stop_seconds=SECONDS).run(range(30))

    assert sorted(desk.sent) == sorted([*range(30), 2])
    assert desk.sent[-1] == 2
    assert sorted(desk.all_recorded) == list(range(30))


def test_what_fails_twice_is_told_of_when_all_others_are_done() -> None:
    """The error counts the batches, quotes the first, and passes on how long to wait."""
    late = RetryableError("locked", retry_after=7.0)
    desk = Desk(fails={2: late, 9: RetryableError("silent twice")})

    with pytest.raises(BatchesLeftError, match=r"could not answer 2 of the batches.*Of the first: ") as caught:
        desk.delivery(in_flight=1).run(range(30))

    assert sorted(desk.all_recorded) == [number for number in range(30) if number not in (2, 9)]
    assert sorted(desk.begun) == sorted([*range(30), 2, 9])
    assert (caught.value.__cause__, caught.value.retry_after) == (late, 7.0)


def test_a_hubspot_that_answers_nothing_is_not_asked_for_every_batch() -> None:
    """Five failures in a row end it; with one request under way that is five requests."""
    desk = Desk(fails={number: RetryableError(f"no {number}") for number in range(10, 100)})

    with pytest.raises(RetryableError, match="no 14"):
        desk.delivery(in_flight=1).run(range(100))

    assert desk.begun == list(range(15))
    assert desk.all_recorded == list(range(10))


def test_an_only_batch_that_fails_is_not_sent_again() -> None:
    """Nothing says that HubSpot answers anybody: another try is the next run's."""
    desk = Desk(fails={0: RetryableError("no")})

    with pytest.raises(BatchesLeftError):
        desk.delivery().run([0])

    assert desk.begun == [0]


def test_an_open_circuit_ends_the_delivery_at_once() -> None:
    """Nothing is sent through it, so the other batches would fail too."""
    desk = Desk(fails={3: CircuitOpenError("down")})

    with pytest.raises(CircuitOpenError):
        desk.delivery(in_flight=1).run(range(100))

    assert desk.begun == [0, 1, 2, 3]


def test_an_error_of_whoever_is_told_of_progress_records_nothing_twice() -> None:
    """It ends the delivery, and what was answered until then is recorded once."""
    desk = Desk()

    def tell() -> None:
        raise ValueError("no console")

    means = Means(desk.send, desk.record, tell=tell, may_send=nothing, keep=nothing)
    with pytest.raises(ValueError, match="no console"):
        Delivery(means, in_flight=4, stop=Stop(), stop_seconds=SECONDS).run(range(100))

    assert sorted(desk.all_recorded) == sorted(desk.sent)
    assert len(desk.sent) < 100


def test_nothing_is_sent_once_it_is_stopped() -> None:
    """A batch that waits for its next try when the delivery ends does not make it, and is no error of its own."""
    desk = Desk(fails={1: FatalError("over")})

    def send(number: int, before: Callable[[], None]) -> str:
        if number == 0:
            until(lambda: is_stopped(before))
        return desk.send(number, before)

    means = Means(send, desk.record, tell=nothing, may_send=nothing, keep=nothing)
    with pytest.raises(FatalError, match="over"):
        Delivery(means, in_flight=2, stop=Stop(), stop_seconds=SECONDS).run(range(2))

    assert sorted(desk.begun) == [0, 1]
    assert desk.sent == [1]


def test_a_check_that_fails_ends_the_delivery_with_its_own_error() -> None:
    """Not as a failed call, which would be tried again."""
    desk = Desk()

    def lost() -> None:
        raise RetryableError("the lease is lost")

    desk.may_send = lost
    with pytest.raises(RetryableError, match="the lease is lost"):
        desk.delivery().run(range(10))

    assert desk.sent == []


def test_an_outcome_that_cannot_be_recorded_ends_the_delivery_with_the_first_error() -> None:
    """The database is gone: that is the reason, and not what follows from it."""
    desk = Desk()
    tries: list[int] = []

    def record(together: Sequence[tuple[int, str]]) -> None:
        tries.append(len(together))
        raise RetryableError(f"no database {len(tries)}")

    with structlog.testing.capture_logs() as logs, pytest.raises(RetryableError, match="no database 1"):
        Delivery(
            Means(desk.send, record, tell=nothing, may_send=nothing, keep=nothing),
            in_flight=2,
            stop=Stop(),
            stop_seconds=1,
        ).run(range(5))

    assert {"outcomes_unrecorded", "batches_left_in_doubt"} <= {line["event"] for line in logs}


def test_the_lease_is_kept_while_nothing_answers() -> None:
    """Also when all batches hang for longer than a lease lasts."""
    desk = Desk(held={0: threading.Event()})
    thread = threading.Thread(target=desk.delivery(in_flight=1).run, args=(range(1),))

    thread.start()
    until(lambda: desk.sent == [0])
    before = desk.kept
    until(lambda: desk.kept > before + 1)
    desk.held[0].set()
    thread.join(SECONDS)

    assert desk.all_recorded == [0]


def test_the_log_lines_of_the_calls_name_the_run() -> None:
    """The threads see what is bound in the thread that delivers."""
    seen: list[object] = []

    def send(number: int, before: Callable[[], None]) -> str:
        seen.append(structlog.contextvars.get_contextvars().get("correlation_id"))
        return f"answer {number}"

    with structlog.contextvars.bound_contextvars(correlation_id="run 7"):
        means = Means(send, Desk().record, tell=nothing, may_send=nothing, keep=nothing)
        Delivery(means, in_flight=2, stop=Stop(), stop_seconds=1).run(range(4))

    assert seen == ["run 7"] * 4


def test_no_thread_is_left_behind() -> None:
    """Neither after a delivery that went well nor after one that did not."""
    before = {thread.ident for thread in threading.enumerate()}

    Desk().delivery().run(range(20))
    with suppress(FatalError):
        Desk(fails={3: FatalError("x")}).delivery().run(range(20))

    until(lambda: {thread.ident for thread in threading.enumerate()} <= before)
