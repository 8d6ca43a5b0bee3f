"""Tests of the watch over runs: a dead one is found in time, and a living one is never given up."""

import threading
from dataclasses import replace
from pathlib import Path

import dagster as dg
from hypothesis import given
from hypothesis import strategies as st

from babynames_assets.instance import vigil
from babynames_assets.instance.executor import watched_in_process_executor
from babynames_assets.instance.vigil import LONGEST_PAUSE_SECONDS, SILENT_SECONDS, Vigil, last_sign, signs_of_life
from babynames_assets.instance.workers import Worker, this_worker
from babynames_assets_tests.instance.homes import EMBEDDED, make_home

ELSEWHERE = Worker(place="another machine", pid=1, started=1)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def watch(clock: Clock, seconds: float, sign: Worker | None, watcher: Vigil, *, step: float = 10) -> bool:
    """Look every ten seconds for so long; whether any look found the run dead."""
    found = watcher.is_dead("run", sign)
    for _ in range(round(seconds / step)):
        clock.now += step
        found = watcher.is_dead("run", sign) or found
    return found


def test_a_worker_that_can_be_seen_is_judged_at_once() -> None:
    """In both directions, whatever its signs are."""
    clock = Clock()

    assert watch(clock, 0, ELSEWHERE, Vigil(clock=clock, look=lambda _: False))
    assert not watch(clock, 10_000, ELSEWHERE, Vigil(clock=clock, look=lambda _: True))


def test_a_worker_elsewhere_is_dead_when_its_sign_stays_the_same() -> None:
    """So is a run that never showed one."""
    clock = Clock()

    for sign in (ELSEWHERE, None):
        watcher = Vigil(clock=clock)
        assert not watch(clock, SILENT_SECONDS - 10, sign, watcher)
        assert watch(clock, 20, sign, watcher)


def test_a_new_sign_begins_the_time_anew() -> None:
    """One that is late by a minute is in time."""
    clock, watcher, worker = Clock(), Vigil(), ELSEWHERE
    watcher = Vigil(clock=clock)

    for _ in range(20):
        assert not watch(clock, 60, worker, watcher)
        worker = worker.next_beat()


def test_a_watcher_that_could_not_look_begins_anew() -> None:
    """The storage that stalled for it has stalled for the worker too, whose sign is as old as its own last look."""
    clock = Clock()
    watcher = Vigil(clock=clock)
    assert not watch(clock, 60, ELSEWHERE, watcher)
    clock.now += LONGEST_PAUSE_SECONDS + 600

    assert not watch(clock, 60, ELSEWHERE, watcher)


@given(st.lists(st.tuples(st.floats(0, 120), st.booleans()), max_size=60))
def test_no_worker_that_shows_a_sign_in_time_is_ever_given_up(looks: list[tuple[float, bool]]) -> None:
    """Whatever the pauses between looks are, death takes SILENT_SECONDS of looks close together without a new sign."""
    clock = Clock()
    watcher, worker = Vigil(clock=clock), ELSEWHERE
    quiet = 0.0
    watcher.is_dead("run", worker)
    for pause, shows in looks:
        clock.now += pause
        worker = worker.next_beat() if shows else worker
        quiet = 0.0 if shows or pause > LONGEST_PAUSE_SECONDS else quiet + pause

        # The watcher subtracts readings of a clock, this test adds up pauses: the two differ in the last digits.
        if watcher.is_dead("run", worker):
            assert quiet >= SILENT_SECONDS - 1e-6
        else:
            assert quiet < SILENT_SECONDS + 1e-6


def test_a_watcher_forgets_runs_that_have_ended() -> None:
    """A daemon lives for months."""
    clock = Clock()
    watcher = Vigil(clock=clock)
    for number in range(1000):
        clock.now += 10
        watcher.is_dead(f"run {number}", None)

    assert len(watcher._silences) <= 1 + LONGEST_PAUSE_SECONDS / 10  # noqa: SLF001 - memory has no other face


def on_files(folder: Path) -> dg.DagsterInstance:
    """An instance that two threads may use: one in memory refuses a reader while another thread writes."""
    return dg.DagsterInstance.from_config(str(make_home(folder, EMBEDDED)))


def test_a_run_shows_signs_of_life_while_it_works(tmp_path: Path) -> None:
    """The first one before it does anything, and then one after the other."""
    with on_files(tmp_path) as instance, signs_of_life(instance, "run", seconds=0.01):
        first = last_sign(instance, "run")
        assert first is not None
        assert (first.pid, first.started) == (this_worker().pid, this_worker().started)
        while last_sign(instance, "run") == first:
            pass
        assert threading.active_count() > 1
    assert "signs of life" not in {thread.name for thread in threading.enumerate()}


def test_a_sign_that_cannot_be_written_does_not_end_the_work(tmp_path: Path) -> None:
    """The next one follows."""
    with on_files(tmp_path) as instance:
        storage = instance.run_storage
        with signs_of_life(instance, "run", seconds=0.01):
            first = last_sign(instance, "run")
            write = storage.set_cursor_values
            failed = threading.Event()

            def refuse(pairs: object) -> None:
                failed.set()
                raise OSError("the storage is away")

            storage.set_cursor_values = refuse  # type: ignore[method-assign]  # the write that fails
            assert failed.wait(60)
            storage.set_cursor_values = write  # type: ignore[method-assign]  # as it was
            while last_sign(instance, "run") == first:
                pass


def test_every_run_of_the_code_location_shows_signs_of_life() -> None:
    """By its executor, whatever the job is."""
    from babynames_assets.definitions import defs  # noqa: PLC0415 - takes a second that the other tests do not need

    jobs = defs.get_repository_def().get_all_jobs()

    assert jobs
    assert {job.executor_def.name for job in jobs} == {"in_process"}
    assert {job.executor_def for job in jobs} == {watched_in_process_executor}


def test_the_sign_of_one_run_is_not_that_of_another() -> None:
    """Each has its own key."""
    with dg.DagsterInstance.ephemeral() as instance:
        vigil.show(instance, "one", replace(ELSEWHERE, pid=7))

        assert last_sign(instance, "other") is None
