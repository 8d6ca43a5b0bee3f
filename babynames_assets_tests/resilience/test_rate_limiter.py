"""The rate limiter waits as it is told, and no longer."""

import threading
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.resilience.rate_limiter import SHORTEST_SLEEP, RateLimiter


class Books:
    """A limit of so many calls in any so many seconds, on a clock that moves only by sleeping."""

    def __init__(self, limit: int, seconds: float) -> None:
        self.limit, self.seconds, self.now = limit, seconds, 0.0
        self.admitted: list[float] = []

    def reserve(self) -> float:
        """Take a place or say when there will be one."""
        recent = [at for at in self.admitted if at > self.now - self.seconds]
        if len(recent) < self.limit:
            self.admitted.append(self.now)
            return 0.0
        return recent[0] + self.seconds - self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def test_a_call_that_is_admitted_does_not_wait() -> None:
    """A call that is admitted at once sleeps for nothing."""
    slept: list[float] = []

    waited = RateLimiter(lambda: 0.0, slept.append).acquire()

    assert waited == 0.0
    assert slept == []


def test_a_call_waits_what_it_is_told_and_asks_again() -> None:
    """A call sleeps what each answer says until it is admitted, and tells the sum."""
    answers = [2.0, 0.5, 0.0]
    slept: list[float] = []

    waited = RateLimiter(lambda: answers.pop(0), slept.append).acquire()

    assert slept == [2.0, 0.5]
    assert waited == 2.5
    assert answers == []


def test_a_tiny_wait_is_not_a_busy_loop() -> None:
    """A wait that rounding made tiny is slept as a millisecond."""
    answers = [1e-12, 0.0]
    slept: list[float] = []

    RateLimiter(lambda: answers.pop(0), slept.append).acquire()

    assert slept == [SHORTEST_SLEEP]


@given(limit=st.integers(1, 20), seconds=st.integers(1, 60), calls=st.integers(1, 60))
def test_no_window_holds_more_than_its_limit(limit: int, seconds: int, calls: int) -> None:
    """However many calls come, no rolling window admits more than its limit, and all are admitted in the end."""
    books = Books(limit, seconds)
    limiter = RateLimiter(books.reserve, books.sleep)

    for _ in range(calls):
        limiter.acquire()

    assert len(books.admitted) == calls
    for start in books.admitted:
        assert sum(start <= at < start + seconds for at in books.admitted) <= limit


def test_threads_share_one_limiter() -> None:
    """Calls from many threads take one place each."""
    lock, places = threading.Lock(), []

    def reserve() -> float:
        with lock:
            places.append(threading.get_ident())
        return 0.0

    limiter = RateLimiter(reserve)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: limiter.acquire(), range(200)))

    assert waits == [0.0] * 200
    assert len(places) == 200
