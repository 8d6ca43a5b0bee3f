"""The rate limiter gives each call its place, lets it wait until then, and asks for many at once."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.errors import PausedError
from babynames_assets.resilience.allowances import Places
from babynames_assets.resilience.rate_limiter import MOST_PLACES, TOO_LATE, RateLimiter


class Time:
    """A clock that moves only by sleeping; awakening can be late."""

    def __init__(self, *late: float) -> None:
        self.now, self.late = 100.0, list(late)
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds + (self.late.pop(0) if self.late else 0.0)


class Answers:
    """Books whose answers are written down before."""

    def __init__(self, *answers: Places) -> None:
        self.answers = list(answers)
        self.wanted: list[int] = []

    def __call__(self, wanted: int) -> Places:
        """The next one."""
        self.wanted.append(wanted)
        return self.answers.pop(0)


def limiter(answers: Answers, time: Time) -> RateLimiter:
    """A limiter on a clock of its own."""
    return RateLimiter(answers, sleep=time.sleep, clock=time)


def test_a_call_with_a_free_place_does_not_wait() -> None:
    """A place at once is used at once."""
    time = Time()

    waited = limiter(Answers(Places((0.0,))), time).acquire()

    assert waited == 0.0
    assert time.slept == []


def test_a_call_learns_its_place_once_and_sleeps_until_then() -> None:
    """A place that is ahead takes one question and one sleep."""
    time, answers = Time(), Answers(Places((0.75,)))

    waited = limiter(answers, time).acquire()

    assert waited == 0.75
    assert time.slept == [0.75]
    assert answers.wanted == [1]


def test_without_a_place_the_call_asks_when_it_is_told_to() -> None:
    """Where no place is near, the call sleeps as long as the books say, and asks again."""
    time, answers = Time(), Answers(Places(ask_again_in=3.0), Places(ask_again_in=0.5), Places((0.25,)))

    waited = limiter(answers, time).acquire()

    assert time.slept == [3.0, 0.5, 0.25]
    assert waited == 3.75


def test_a_tiny_wait_is_no_busy_loop() -> None:
    """A wait that rounding made nothing is slept as a millisecond."""
    time = Time()

    limiter(Answers(Places(ask_again_in=0.0), Places((0.0,))), time).acquire()

    assert time.slept == [0.001]


def test_a_place_is_never_used_early_however_long_the_books_take() -> None:
    """What the answer itself took comes on top of the wait."""
    time = Time()

    def slow_books(_wanted: int) -> Places:
        time.now += 2.0
        return Places((0.5,))

    waited = RateLimiter(slow_books, sleep=time.sleep, clock=time).acquire()

    assert waited == 2.5


def test_a_place_that_was_slept_over_is_given_up() -> None:
    """Who awakes much too late takes a new place; who is a little late uses it."""
    time, answers = Time(TOO_LATE + 1.0, TOO_LATE - 0.1), Answers(Places((0.5,)), Places((0.5,)))

    limiter(answers, time).acquire()

    assert answers.wanted == [1, 1]


def test_a_place_is_late_by_what_the_last_look_took() -> None:
    """What is done between the place and the call counts: the call is made after it."""
    time, answers = Time(), Answers(Places((0.5,)), Places((0.5,)))
    takes = [TOO_LATE + 0.1, TOO_LATE - 0.1]

    def last_look() -> None:
        time.now += takes.pop(0)

    limiter(answers, time).acquire(last_look)

    assert answers.wanted == [1, 1]


class Books:
    """Books with a clock of their own, whose answers take their time."""

    def __init__(self, time: Time, *takes: float, ahead: float = 5000.0) -> None:
        self.time, self.takes, self.ahead = time, list(takes), ahead

    def __call__(self, _wanted: int) -> Places:
        """A place at once, by the clock of the books; then the answer is under way."""
        decided = self.time.now + self.ahead
        self.time.now += self.takes.pop(0)
        return Places((0.0,), now=decided)


def test_a_place_is_late_by_what_its_answer_took_beyond_the_quickest() -> None:
    """An answer that was stuck brings places that are past: the call asks again, and what is usual is not late."""
    time = Time()
    books = Books(time, 0.3, 0.3 + TOO_LATE + 0.1, 0.3)
    limiter = RateLimiter(books, sleep=time.sleep, clock=time)

    limiter.acquire()
    limiter.acquire()

    assert books.takes == []


def test_a_clock_of_the_books_that_is_set_back_is_believed() -> None:
    """From the first answer on that shows it, no place is taken for a late one, nor used early."""
    time = Time()
    books = Books(time, 0.1, 0.1, 0.1)
    limiter = RateLimiter(books, sleep=time.sleep, clock=time)
    limiter.acquire()
    books.ahead -= 60.0

    waited = [limiter.acquire(), limiter.acquire()]

    assert waited == pytest.approx([0.1, 0.1])
    assert books.takes == []


def test_a_machine_that_is_always_late_makes_its_calls_all_the_same() -> None:
    """After some places that were missed, the last one is used."""
    time, answers = Time(*[9.0] * 99), Answers(*[Places((0.5,))] * MOST_PLACES)

    limiter(answers, time).acquire()

    assert answers.answers == []


def test_places_from_before_the_limit_was_met_are_given_up() -> None:
    """A call that waits for its place when the limit turns out to be met takes a new one."""
    time, answers = Time(), Answers(Places((0.5,)), Places((0.5,)))

    def sleep_and_meet_the_limit(seconds: float) -> None:
        time.sleep(seconds)
        if len(answers.wanted) == 1:
            subject.give_up_places()

    subject = RateLimiter(answers, sleep=sleep_and_meet_the_limit, clock=time)
    subject.acquire()

    assert answers.wanted == [1, 1]


def test_an_error_of_the_books_comes_out_and_leaves_the_line_in_order() -> None:
    """After a refusal the next call asks for itself."""
    answers = Answers(Places((0.0,)))
    refusing = [True]

    def books(wanted: int) -> Places:
        if refusing.pop():
            raise PausedError("spent", until=None)
        return answers(wanted)

    refusing.insert(0, False)
    subject = RateLimiter(books)
    with pytest.raises(PausedError):
        subject.acquire()

    subject.acquire()

    assert answers.wanted == [1]


def test_one_question_serves_all_who_stand_in_line() -> None:
    """While the first call waits for the books, others line up, and the next question asks for all of them."""
    asked, go_on = threading.Event(), threading.Event()
    wanted: list[int] = []

    def books(number: int) -> Places:
        wanted.append(number)
        asked.set()
        go_on.wait(10)
        return Places((0.0,) * number)

    subject = RateLimiter(books)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(subject.acquire)
        asked.wait(10)
        others = [pool.submit(subject.acquire) for _ in range(7)]
        while subject.waiting < 8:
            threading.Event().wait(0.001)
        go_on.set()
        waits = [one.result(10) for one in (first, *others)]

    assert len(waits) == 8
    assert wanted == [1, 7]


def test_fewer_places_than_wanted_are_used_and_the_rest_asks_again() -> None:
    """Books that hand out less than was asked for are asked again until all are served."""
    handed_out: Counter[str] = Counter()
    lock = threading.Lock()

    def books(number: int) -> Places:
        assert 1 <= number <= 16
        with lock:
            handed_out["places"] += 1
        return Places((0.0,))

    subject = RateLimiter(books)
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda _: subject.acquire(), range(200)))

    assert len(waits) == 200
    assert handed_out["places"] == 200


@given(
    places=st.lists(st.integers(0, 5000), min_size=1, max_size=10),
    late=st.lists(st.floats(0, TOO_LATE * 0.99), max_size=20),
)
def test_calls_one_after_the_other_each_have_a_place_of_their_own(places: list[int], late: list[float]) -> None:
    """No place is used twice and none before its time, whatever the places are."""
    time, answers = Time(*late), Answers(*(Places((place / 1000,)) for place in places))
    subject = limiter(answers, time)

    waits = [subject.acquire() for _ in places]

    assert all(wait >= place / 1000 - 1e-9 for wait, place in zip(waits, places, strict=True))
    assert answers.answers == []
