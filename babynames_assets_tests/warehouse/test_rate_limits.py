"""Tests of the rate limit that all processes share."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.warehouse import rate_limits
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.warehouse.rate_limits import reserve

PROGRAM = """
import sys, time
from pydantic import SecretStr
from babynames_assets.warehouse.engine import open_engine
from babynames_assets.warehouse.rate_limits import reserve
engine = open_engine(SecretStr(sys.argv[1]))
admitted = 0
while admitted < int(sys.argv[2]):
    wait = reserve(engine, "portal", [(5, 0.5), (100, 60.0)])
    if wait:
        time.sleep(wait)
    else:
        admitted += 1
"""


def admissions(engine: Engine, bucket: str = "portal") -> list[int]:
    """The moments that the bucket remembers, in microseconds."""
    with connect(engine) as connection:
        query = sa.text("SELECT admitted_at FROM rate_limits WHERE bucket = :bucket")
        return list(json.loads(connection.scalar(query, {"bucket": bucket}) or "[]"))


def test_calls_within_the_limit_are_admitted_at_once(engine: Engine) -> None:
    """Each is counted."""
    assert [reserve(engine, "portal", [(3, 60)]) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert len(admissions(engine)) == 3


def test_a_call_over_the_limit_learns_how_long_to_wait(engine: Engine) -> None:
    """Until the oldest admission leaves the window; a refused call is not counted."""
    reserve(engine, "portal", [(1, 60)])

    wait = reserve(engine, "portal", [(1, 60)])

    assert 50 < wait <= 60
    assert len(admissions(engine)) == 1


def test_a_call_that_waited_as_told_is_admitted(engine: Engine) -> None:
    """The answer is neither too short nor much too long."""
    reserve(engine, "portal", [(1, 0.2)])
    wait = reserve(engine, "portal", [(1, 0.2)])

    time.sleep(wait)

    assert 0 < wait <= 0.2
    assert reserve(engine, "portal", [(1, 0.2)]) == 0.0


def test_every_window_has_to_have_room(engine: Engine) -> None:
    """The longest wait counts."""
    limits = [(10, 1.0), (2, 60.0)]
    reserve(engine, "portal", limits)
    reserve(engine, "portal", limits)

    assert reserve(engine, "portal", limits) > 50


def test_buckets_do_not_share_their_limit(engine: Engine) -> None:
    """Another account has its own calls."""
    reserve(engine, "one", [(1, 60)])

    assert reserve(engine, "two", [(1, 60)]) == 0.0
    assert reserve(engine, "one", [(1, 60)]) > 0


def test_without_limits_every_call_is_admitted(engine: Engine) -> None:
    """Nothing is remembered longer than a window needs."""
    assert [reserve(engine, "portal", []) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_admissions_that_no_window_holds_are_forgotten(engine: Engine) -> None:
    """The row stays small, however long the service runs."""
    for _ in range(5):
        time.sleep(reserve(engine, "portal", [(1, 0.05)]))
        reserve(engine, "portal", [(1, 0.05)])

    assert len(admissions(engine)) <= 2


def test_a_clock_that_was_set_back_does_not_lock_callers_out(engine: Engine) -> None:
    """Admissions in the future count as of now: the wait is never longer than the window."""
    reserve(engine, "portal", [(1, 2.0)])
    future = (admissions(engine)[0] + 3_600_000_000,)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE rate_limits SET admitted_at = :stamps"), {"stamps": json.dumps(future)})

    assert 0 < reserve(engine, "portal", [(1, 2.0)]) <= 2.0


def test_many_threads_that_begin_at_once_are_admitted_up_to_the_limit(engine: Engine) -> None:
    """Also when the bucket does not exist yet and each would make it."""
    with ThreadPoolExecutor(6) as pool:
        waits = list(pool.map(lambda _: reserve(engine, "portal", [(4, 60)]), range(12)))

    assert waits.count(0.0) == 4
    assert len(admissions(engine)) == 4


def test_processes_together_never_exceed_the_limit(engine: Engine, warehouse_url: str) -> None:
    """In no window of half a second are there more than five admissions, over three processes."""
    processes = [subprocess.Popen([sys.executable, "-c", PROGRAM, warehouse_url, "8"]) for _ in range(3)]

    assert [process.wait(60) for process in processes] == [0, 0, 0]
    stamps = sorted(admissions(engine))
    assert len(stamps) == 24
    assert all(later - earlier >= 500_000 for earlier, later in zip(stamps, stamps[5:], strict=False))


@given(
    ages=st.lists(st.integers(-10_000_000, 10_000_000), max_size=30),
    calls=st.integers(1, 10),
    seconds=st.floats(0.001, 10),
)
def test_a_wait_is_never_negative_nor_longer_than_the_window(ages: list[int], calls: int, seconds: float) -> None:
    """Whatever lies in the row, and whatever the clock did."""
    moment = 1_700_000_000_000_000

    wait = rate_limits._wait([moment - age for age in ages], moment, calls, seconds)  # noqa: SLF001 - its arithmetic

    assert 0 <= wait <= round(seconds * 1_000_000)


@pytest.mark.parametrize(("age", "wait"), [(0, 1000), (999, 1), (1000, 0), (1001, 0)])
def test_an_admission_leaves_the_window_after_exactly_its_length(age: int, wait: int) -> None:
    """To the microsecond."""
    assert rate_limits._wait([5_000_000 - age], 5_000_000, 1, 0.001) == wait  # noqa: SLF001 - its arithmetic
