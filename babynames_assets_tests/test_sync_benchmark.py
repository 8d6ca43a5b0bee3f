"""Tests of the sync's benchmark: what a share is, what a storm leaves, and that its last line is JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.goals import missed
from benchmarks.measure import BenchmarkError
from benchmarks.sync.allowance import Seen, share
from benchmarks.sync.bad_days import Aftermath, aftermath
from benchmarks.sync.goals import GOALS
from benchmarks.sync.release_step import Difference, difference

CHECKOUT = Path(__file__).parents[1]
AT_THE_BOUNDS = {
    "sync_allowance_share": 0.97,
    "sync_allowance_share_190": 0.97,
    "sync_allowance_share_250": 0.97,
    "sync_429": 0,
    "sync_429_190": 0,
    "sync_429_250": 0,
    "engine_batches_per_cpu_second": 150,
    "step_calls_beyond_need": 0,
    "memory_mib": 300,
    "storm_lost": 0,
    "storm_unexplained": 0,
}


def _watched(calls_at: list[float], until: float) -> list[Seen]:
    """What somebody sees who looks ten times a second."""
    moments = [number / 10 for number in range(round(until * 10) + 1)]
    return [Seen(moment, sum(call <= moment for call in calls_at)) for moment in moments]


def test_measures_at_their_bounds_reach_every_goal() -> None:
    """The goals are these, and a bound itself is still good."""
    assert {goal.measure: goal.value for goal in GOALS} == AT_THE_BOUNDS
    assert missed("sqlite", AT_THE_BOUNDS, excused={}, goals=GOALS) == []


@pytest.mark.parametrize("measure", AT_THE_BOUNDS)
def test_a_measure_beyond_its_bound_is_a_miss_that_names_it(measure: str) -> None:
    """One bad value is one miss, whichever side of its bound is the bad one."""
    bound = next(goal for goal in GOALS if goal.measure == measure).bound
    beyond = AT_THE_BOUNDS[measure] + (0.001 if bound == "at most" else -0.001)

    misses = missed("sqlite", AT_THE_BOUNDS | {measure: beyond}, excused={}, goals=GOALS)

    assert [miss.goal.measure for miss in misses] == [measure]


@pytest.mark.parametrize("burst", [1, 10, 100])
@pytest.mark.parametrize("begin", [10.0, 13.7, 19.9])
def test_an_allowance_that_is_all_used_has_the_share_one(burst: int, begin: float) -> None:
    """However the hundred calls of ten seconds come, one by one or all at once, and whenever the steady part begins."""
    calls = [burst / 10 * (number // burst) for number in range(700)]

    found = share(_watched(calls, 70), begin, begin + 40, 100)

    assert found == pytest.approx(1, abs=0.01)


def test_half_of_the_calls_are_half_of_the_share() -> None:
    """Calls before and after the steady part do not count."""
    calls = [number / 50 for number in range(500)] + [10 + number / 5 for number in range(200)]

    assert share(_watched(calls, 50), 10.5, 49.5, 100) == pytest.approx(0.5, abs=0.01)


def test_a_steady_part_of_one_window_says_nothing() -> None:
    """There is no stretch to average over."""
    with pytest.raises(BenchmarkError, match="too short"):
        share(_watched([], 30), 10, 20, 100)


def test_a_time_in_which_nobody_looked_has_no_share() -> None:
    """A number that is made up would look like a measured one."""
    with pytest.raises(BenchmarkError, match="not watched"):
        share(_watched([], 30), 10, 40, 100)


def test_what_the_books_name_is_missing_and_not_lost() -> None:
    """A contact with old values is missing too; a refused one is none of both."""
    wanted = {"1984-F-Mary": "5", "1984-F-Ann": "6", "1984-M-Bob": "7", "1984-M-Al": "8"}
    wanted |= {"1984-F-Zila": "9", "1984-F-Zoe": "9"}
    held = {"1984-F-Mary": "5", "1984-M-Bob": "1"}

    found = aftermath(wanted, held, known={"1984-F-Ann", "1984-M-Bob", "1984-F-Zoe"})

    assert found == Aftermath(missing=3, lost=1, refused=2, unexplained=1)


def test_calls_are_needed_for_new_changed_and_gone_rows(tmp_path: Path) -> None:
    """Full batches across all years; archiving takes calls of its own."""
    before, after = tmp_path / "before.csv", tmp_path / "after.csv"
    head, same = "YearOfBirth,Name,Sex,Number\n", "".join(f"1984,Same{n},F,5\n" for n in range(300))
    before.write_text(head + same + "1984,Mary,F,7\n1985,Gone,M,5\n", encoding="utf-8")
    added = "".join(f"1986,New{n},F,5\n" for n in range(100))
    after.write_text(head + same + "1984,Mary,F,8\n" + added, encoding="utf-8")

    found = difference(before, after)

    assert found == Difference(new=100, changed=1, gone=1)
    assert found.calls == 3


@pytest.mark.timeout(300)
def test_a_run_ends_with_one_line_of_json_that_has_every_measure(tmp_path: Path) -> None:
    """A few contacts go through everything but drt; the exit code is 1 when the line names a miss."""
    command = [sys.executable, "-m", "benchmarks.sync", "--limits", "100", "--seconds", "26", "--pending", "3000"]
    command += ["--batches", "10", "--contacts", "1000", "--peers-python", str(tmp_path / "python")]

    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert done.returncode in {0, 1}, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode == 1) == bool(result["missed"])
    assert {goal.measure for goal in GOALS if not goal.measure.endswith(("_190", "_250"))} <= result.keys()
    assert 0 < result["sync_allowance_share"] <= 1.02
    assert result["sync_most_in_window"] <= 100
    assert result["engine_batches"] >= 10
    assert result["step_calls"] == result["step_calls_needed"] > 0
    assert result["run"]["peers_unavailable"]["drt"].startswith("not available: ")
    ours = result["beside"]["ours"]
    assert result["storm_lost"] == ours["storm_lost"] == 0
    assert result["storm_unexplained"] == 0 < ours["storm_refused"]
    assert 0 < ours["calls"] < 200
    assert ours["explain_has"] == ["reason", "correlation_id", "history", "what_to_do"]
