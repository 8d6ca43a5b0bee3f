"""Tests of claims: what is due is taken, by one redrive alone, and comes back when that one dies."""

import datetime as dt
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from babynames_assets.resilience.backoff import Backoff
from babynames_assets.warehouse import clock, letter_claims
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.letter_claims import claim, due
from babynames_assets_tests.warehouse.letters import contact, fail, found, history, let_hours_pass, line, only


def contacts(count: int) -> list[str]:
    """Keys of that many contacts."""
    return [f"1984-F-Name{number:04}" for number in range(count)]


def fail_long_ago(engine: Engine, *keys: str) -> None:
    """Letters of contacts that are due."""
    fail(engine, *(contact(key) for key in keys))
    let_hours_pass(engine)


def release(engine: Engine, claimant: str, note: str = "HubSpot is down", seconds: float = 0.0) -> int:
    """Give back what a claim holds."""

    def give_back(connection: Connection) -> int:
        until = clock.moment(connection) + dt.timedelta(seconds=seconds)
        return letter_claims.release(connection, claimant, until=until, note=note)

    return run_in_transaction(engine, give_back)


def test_only_letters_that_are_due_are_taken(engine: Engine) -> None:
    """A contact that has just been refused waits for its time; a line of a file is never sent."""
    fail_long_ago(engine, "1984-F-Mary")
    fail(engine, contact("1984-F-Zoe"), line(1))

    taken = claim(engine, "first", limit=10)

    assert [letter.letter_key for letter in taken] == ["1984-F-Mary"]
    assert [letter.letter_key for letter in found(engine) if letter.next_attempt_at is None] == [line(1).letter_key]


def test_a_letter_that_is_taken_is_taken_by_nobody_else(engine: Engine) -> None:
    """It says so of itself, and until when."""
    fail_long_ago(engine, "1984-F-Mary")
    with connect(engine) as connection:
        before = clock.moment(connection)

    claim(engine, "first", limit=10, seconds=60)

    letter = only(engine)
    assert letter.status == "retrying"
    assert letter.next_attempt_at is not None
    assert dt.timedelta(0) <= letter.next_attempt_at - before - dt.timedelta(seconds=60) < dt.timedelta(seconds=30)
    assert claim(engine, "second", limit=10) == []
    assert due(engine) is None


def test_the_letters_of_a_redrive_that_was_killed_come_back(engine: Engine) -> None:
    """When its claim has ended, another redrive takes them, before those that have never been taken."""
    fail_long_ago(engine, *contacts(4))
    killed = claim(engine, "killed", limit=2)
    let_hours_pass(engine)

    taken = claim(engine, "next", limit=3)

    assert len(killed) == 2
    assert {letter.id for letter in killed} < {letter.id for letter in taken}


def test_many_redrives_at_once_never_take_the_same_letter(engine: Engine) -> None:
    """Four of them, each on connections of its own, share 300 letters in claims of 7 until none is left."""
    fail_long_ago(engine, *contacts(300))

    def take_all(redrive: int) -> list[int]:
        taken: list[int] = []
        while mine := claim(engine, f"redrive {redrive}, claim {len(taken)}", limit=7):
            taken += [letter.id for letter in mine]
        return taken

    with ThreadPoolExecutor(4) as pool:
        times = Counter(letter for taken in pool.map(take_all, range(4)) for letter in taken)

    assert len(times) == 300
    assert set(times.values()) == {1}


def test_the_letter_that_has_been_due_for_longest_is_taken_first(engine: Engine) -> None:
    """Later ones do not push it back."""
    backoff = Backoff(first_wait=0.000_002, max_wait=0.000_002)
    for key in ("1984-F-Zoe", "1984-F-Mary", "1984-F-Anna"):
        fail(engine, contact(key), backoff=backoff)

    taken = [claim(engine, str(number), limit=1)[0].letter_key for number in range(3)]

    assert taken == ["1984-F-Zoe", "1984-F-Mary", "1984-F-Anna"]


def test_what_is_given_back_is_due_again_with_its_attempts_as_they_were(engine: Engine) -> None:
    """HubSpot said nothing of it, so nothing failed; its history says why it was not tried."""
    fail_long_ago(engine, "1984-F-Mary")
    claim(engine, "first", limit=10)

    released = release(engine, "first")

    letter = only(engine)
    assert (released, letter.status, letter.attempts, letter.note) == (1, "open", 1, "HubSpot is down")
    assert history(engine, letter.id)[-1].event == "released"
    assert [again.id for again in claim(engine, "second", limit=10)] == [letter.id]


def test_what_is_given_back_until_later_waits_until_then(engine: Engine) -> None:
    """A day's spent calls are not asked for again every minute."""
    fail_long_ago(engine, "1984-F-Mary")
    claim(engine, "first", limit=10)

    release(engine, "first", seconds=3600)

    assert claim(engine, "second", limit=10) == []


def test_a_claim_gives_back_only_what_it_still_holds(engine: Engine) -> None:
    """A redrive that was thought dead and wakes up does not take the letters out of another one's hands."""
    fail_long_ago(engine, *contacts(2))
    claim(engine, "slow", limit=2)
    let_hours_pass(engine)
    claim(engine, "other", limit=1)

    assert release(engine, "slow") == 1

    assert sorted(letter.status for letter in found(engine)) == ["open", "retrying"]


def test_what_is_due_is_told_with_the_letter_that_has_waited_longest(engine: Engine) -> None:
    """Whoever asks learns since when, by the clock that decides."""
    assert due(engine) is None
    fail_long_ago(engine, *contacts(3))

    waiting = due(engine)

    assert waiting is not None
    assert waiting.first_id == min(letter.id for letter in found(engine))
    assert waiting.first_due_at == dt.datetime(2001, 1, 1)  # noqa: DTZ001 - as the tables store it
    assert waiting.moment > waiting.first_due_at


@pytest.mark.parametrize("status", ["resolved", "discarded"])
def test_a_settled_letter_is_never_taken(sqlite_engine: Engine, status: str) -> None:
    """Even if something left a time in it."""
    fail_long_ago(sqlite_engine, "1984-F-Mary")
    with sqlite_engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE dead_letters SET status = '{status}'")

    assert due(sqlite_engine) is None
    assert claim(sqlite_engine, "first", limit=10) == []
