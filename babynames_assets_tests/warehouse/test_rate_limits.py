"""The arithmetic of the rate limit: no window over its limit, and none wasted."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.resilience.allowances import Limit, Places
from babynames_assets.warehouse.rate_limits import AHEAD, LONGEST_CLOSURE, Bucket, closure, take

NOW = 1_795_453_200_000_000
SECOND = 1_000_000

LIMITS = st.lists(st.builds(Limit, st.integers(1, 30), st.floats(0.05, 12)), min_size=1, max_size=3)


def windows_over(limits: list[Limit], places: list[int]) -> list[tuple[Limit, int, int]]:
    """The windows that hold more places than their limit allows."""
    return [
        (limit, first, last)
        for limit in limits
        for first, last in zip(places, places[limit.calls :], strict=False)
        if last - first < round(limit.seconds * SECOND)
    ]


@given(
    limits=LIMITS,
    learnt=st.none() | st.builds(Limit, st.integers(1, 30), st.floats(0.05, 12)),
    asks=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 20)), min_size=1, max_size=40),
)
def test_no_window_ever_holds_more_than_its_limit(
    limits: list[Limit], learnt: Limit | None, asks: list[tuple[float, int]]
) -> None:
    """Whoever asks when for how many: all windows hold, the learnt one too, and no place is twice or in the past."""
    all_limits = [*limits, *([learnt] if learnt else [])]
    bucket, moment, given_out = Bucket(learnt=learnt), NOW, []
    for pause, wanted in asks:
        moment += round(pause * SECOND)
        taken, places = take(bucket, moment, limits, wanted)
        assert len(places.waits) <= wanted
        assert all(0 <= wait <= AHEAD for wait in places.waits)
        given_out += [moment + round(wait * SECOND) for wait in places.waits]
        bucket = Bucket(taken, learnt)

    assert windows_over(all_limits, given_out) == []
    assert given_out == sorted(given_out)


@given(limits=LIMITS, learnt=st.builds(Limit, st.integers(1, 30), st.floats(0.05, 12)), wanted=st.integers(1, 50))
def test_a_limit_that_is_learnt_later_holds_from_then_on(limits: list[Limit], learnt: Limit, wanted: int) -> None:
    """Places of before count: the next one comes when the smaller window has room for it."""
    taken, _ = take(Bucket(), NOW, limits, wanted)

    after, places = take(Bucket(taken, learnt), NOW, limits, 1)

    if places.waits and len(taken) >= learnt.calls:
        assert after[-1] - taken[-learnt.calls] >= round(learnt.seconds * SECOND)


@pytest.mark.parametrize("calls", [100, 190, 250])
@pytest.mark.parametrize("wanted", [1, 7, 60])
def test_callers_who_always_want_more_get_all_that_the_window_allows(calls: int, wanted: int) -> None:
    """Over ten windows of 10.25 s every place is used: 97.56 % of a rolling ten seconds."""
    limits, bucket, moment, given_out = [Limit(calls, 10.25)], Bucket(), NOW, 0
    while moment < NOW + 10 * 10_250_000:
        taken, places = take(bucket, moment, limits, wanted)
        given_out += len(places.waits)
        bucket = Bucket(taken)
        moment += round(places.ask_again_in * SECOND) if not places.waits else 3_000

    assert 10 * calls <= given_out <= 10 * calls + round(calls / 10 * AHEAD * 1.2) + 1


@pytest.mark.parametrize("calls", [100, 190, 250])
def test_callers_who_fell_behind_catch_up(calls: int) -> None:
    """After five idle seconds the window is as full as it can be ten seconds after it began."""
    taken, _ = take(Bucket(), NOW, [Limit(calls, 10.25)], 1)
    bucket, moment = Bucket(taken), NOW + 1_500_000
    while moment < NOW + 10_250_000:
        taken, places = take(bucket, moment, [Limit(calls, 10.25)], 10)
        bucket = Bucket(taken)
        moment += round(max(places.ask_again_in, 0.001) * SECOND)

    assert sum(place < NOW + 10_250_000 for place in bucket.taken) == calls


@given(calls=st.integers(1, 300), seconds=st.floats(0.5, 12), wanted=st.integers(1, 400))
def test_places_are_spread_over_the_window(calls: int, seconds: float, wanted: int) -> None:
    """Two places are never closer than five sixths of the even distance."""
    taken, _ = take(Bucket(), NOW, [Limit(calls, seconds)], wanted)

    assert all(later - earlier >= int(seconds / calls / 1.2 * SECOND) for earlier, later in pairwise(taken))


def test_without_room_the_answer_says_when_to_ask() -> None:
    """Half of what places are handed out ahead before there is one, so that its caller asks in time and rarely."""
    full = Bucket([NOW - 4 * SECOND])

    taken, places = take(full, NOW, [Limit(1, 10.0)], 5)

    assert taken == full.taken
    assert places == Places((), 6.0 - AHEAD / 2)


def test_places_that_no_window_holds_are_forgotten() -> None:
    """The row stays small, however long the service runs."""
    taken, _ = take(Bucket([NOW - 11 * SECOND, NOW - 10 * SECOND, NOW - SECOND]), NOW, [Limit(5, 10.0)], 1)

    assert taken == [NOW - SECOND, NOW + 666_667]


def test_without_limits_every_place_is_now() -> None:
    """Nothing is held up, and nothing is remembered longer than it takes."""
    assert take(Bucket(), NOW, [], 3) == ([NOW] * 3, Places((0.0, 0.0, 0.0)))


def test_a_closed_bucket_opens_when_it_was_told_to() -> None:
    """No place is before that moment, and the answer says when to ask."""
    closed = Bucket(closed_until=NOW + 10 * SECOND)

    assert take(closed, NOW, [Limit(5, 10.0)], 1) == ([], Places((), 10.0 - AHEAD / 2))
    assert take(closed, NOW + 9_500_000, [Limit(5, 10.0)], 1) == ([NOW + 10 * SECOND], Places((0.5,)))


@given(back=st.integers(0, 86_400), places=st.integers(1, 30))
def test_a_clock_that_was_set_back_closes_a_bucket_for_one_window_only(back: int, places: int) -> None:
    """Places in the far future count as the last that can be; a closure that is too long to be one does not count."""
    taken = [NOW + place * SECOND // 10 for place in range(places)]
    moment = NOW - back * SECOND
    bucket = Bucket(taken, closed_until=NOW + round(LONGEST_CLOSURE * SECOND))

    after, answer = take(bucket, moment, [Limit(places, 10.0)], 1)

    longest = 10.0 + AHEAD + (LONGEST_CLOSURE if back == 0 else 0)
    assert (answer.waits or (answer.ask_again_in,))[0] <= longest
    assert max(after) <= moment + round((AHEAD + 10) * SECOND)


def test_a_limit_that_is_met_again_and_again_closes_the_bucket_for_longer_each_time() -> None:
    """A second, then twice as long, up to what frees the whole window; after ten good seconds it begins anew."""
    bucket, moment, closures = Bucket(), NOW, []
    for pause in (0, 5, 5, 5, 5, 5, 10):
        moment += round((bucket.closed_seconds + pause) * SECOND)
        seconds = closure(bucket, moment, least=1.0, most=10.0)
        bucket = Bucket(closed_until=moment + round(seconds * SECOND), closed_seconds=seconds)
        closures.append(seconds)

    assert closures == [1, 2, 4, 8, 10, 10, 1]


def test_calls_that_meet_the_limit_together_close_the_bucket_once() -> None:
    """Those that were on their way are no second offence; a longer wait that HubSpot asks for counts."""
    closed = Bucket(closed_until=NOW + SECOND, closed_seconds=2.0)

    assert closure(closed, NOW, least=1.0, most=10.0) == 0.0
    assert closure(closed, NOW, least=30.0, most=30.0) == 30.0
    assert closure(closed, NOW - 3600 * SECOND, least=1.0, most=10.0) == 1.0  # the clock was set back
