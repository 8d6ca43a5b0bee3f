"""Tests of the benchmark: its goals are the ones agreed on, its data is fit to compare, and its last line is JSON."""

import json
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from babynames_assets.ingest.provenance import FrameSource
from babynames_assets.ingest.scan import scan_file
from babynames_assets.setting_groups import IngestSettings
from babynames_assets_tests.servers.kinds import Kind
from benchmarks import contestants, datasets
from benchmarks.goals import GOALS, missed
from benchmarks.measure import BenchmarkError, Sample, Samples, run
from benchmarks.results import measures, numbers

CHECKOUT = Path(__file__).parents[1]
AT_THE_BOUNDS = {
    "load_vs_bare": 1.0,
    "dagster_beyond_bare_seconds": 15.0,
    "vs_polars": 3.0,
    "vs_sqlalchemy": 3.0,
    "vs_pandas": 3.0,
    "vs_dlt": 3.0,
    "vs_duckdb": 1.7,
    "step_vs_full": 0.25,
    "step_vs_peer_merge": 10.0,
    "rerun_vs_full": 0.05,
    "rss_10x_vs_1x": 1.3,
    "rss_10x_bytes": 2.0**30,
    "time_10x_vs_1x": 11.0,
}


def test_measures_at_their_bounds_reach_every_goal() -> None:
    """The goals are these, and a bound itself is still good."""
    assert {goal.measure: goal.value for goal in GOALS} == AT_THE_BOUNDS
    assert missed("mysql", AT_THE_BOUNDS, excused={}) == []


@pytest.mark.parametrize("measure", AT_THE_BOUNDS)
def test_a_measure_beyond_its_bound_is_a_miss_that_names_it(measure: str) -> None:
    """One bad value is one miss, whichever side of its bound is the bad one."""
    bound = next(goal for goal in GOALS if goal.measure == measure).bound
    beyond = AT_THE_BOUNDS[measure] * (1.01 if bound == "at most" else 0.99)

    misses = missed("mysql", AT_THE_BOUNDS | {measure: beyond}, excused={})

    assert [miss.goal.measure for miss in misses] == [measure]
    assert measure in str(misses[0])


def test_a_measure_that_was_not_taken_is_a_miss_unless_the_peer_cannot_be_had() -> None:
    """Silence is no success."""
    without = {name: value for name, value in AT_THE_BOUNDS.items() if name != "vs_duckdb"}

    assert [str(miss.goal.measure) for miss in missed("mysql", without, excused={})] == ["vs_duckdb"]
    assert missed("mysql", without, excused={"duckdb": "not available"}) == []


def test_ratios_are_those_of_the_medians() -> None:
    """Each measure divides what its name says."""
    samples = Samples()
    times = {"bare": 20, "ours": 10, "ours_step": 2, "ours_rerun": 0.5, "ours_10x": 100, "dagster": 18}
    times |= {"pandas": 60, "pandas_step": 90, "duckdb": 30, "duckdb_step": 24}
    for name, seconds in times.items():
        for factor in (0.5, 1, 7):  # of which the middle one counts
            samples.add(name, Sample(seconds * factor, 1.0, None, int(seconds * factor * 100)))

    found = measures(samples, ["pandas", "duckdb"])

    assert numbers(found) == pytest.approx(
        {
            "load_vs_bare": 0.5,
            "dagster_extra_seconds": 8,
            "dagster_beyond_bare_seconds": -2,
            "vs_pandas": 6,
            "vs_duckdb": 3,
            "vs_fastest_peer": 3,
            "step_vs_full": 0.2,
            "step_vs_peer_merge": 12,
            "rerun_vs_full": 0.05,
            "rss_10x_vs_1x": 10,
            "rss_10x_bytes": 10_000,
            "time_10x_vs_1x": 10,
        }
    )
    assert (found["fastest_peer"], found["fastest_peer_merge"]) == ("duckdb", "duckdb")


def test_generated_releases_hold_valid_rows_only_and_differ_as_real_ones_do(tmp_path: Path) -> None:
    """Each row counts once for every contestant; the next release adds a year and changes three rows of a hundred."""
    first = list(datasets.generated(20_000))
    second = list(datasets.revised(first))
    before, after = ({row[:3]: row[3] for row in rows} for rows in (first, second))
    path = tmp_path / "second.csv"
    path.write_text("\n".join([datasets.HEADER, *(",".join(map(str, row)) for row in second)]) + "\n", encoding="utf-8")

    scan = scan_file(path, tmp_path / "scan", source=FrameSource("names", "1", "0" * 64), settings=IngestSettings())

    assert sum(counts.valid for counts in scan.years.values()) == len(second) == len(after)
    assert list(datasets.generated(20_000)) == first
    different = sum(after.get(key) != births for key, births in before.items()) + len(after.keys() - before.keys())
    assert 0.02 < different / len(first) < 0.05
    assert max(scan.years) == max(year for year, *_ in first) + 1


def test_scaled_and_sorted_files_hold_what_they_say(tmp_path: Path) -> None:
    """Ten times the rows are ten times as many keys; the sorted file has the first one's rows in the key's order."""
    archive = _small_archive(tmp_path)
    folder = tmp_path / "data"
    folder.mkdir()

    data = datasets.make(folder, archive=archive, step=archive, quick=False)

    rows = data.release.content.rows
    assert rows == 3_000
    assert data.next_release.content == data.release.content
    assert {times: release.content.rows for times, release in data.scaled.items()} == {3: 3 * rows, 10: 10 * rows}
    keys = [tuple(line.split(",")) for line in data.sorted_csv.read_text(encoding="utf-8").splitlines()[1:]]
    assert len(keys) == rows
    assert all((a[0], a[2], a[1].encode()) < (b[0], b[2], b[1].encode()) for a, b in pairwise(keys))


def test_a_process_that_fails_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    """A contestant that breaks has no time."""
    command = [sys.executable, "-c", "raise SystemExit('no more disk')"]

    with pytest.raises(BenchmarkError, match="no more disk"):
        run("broken", command, log=tmp_path / "log")


def test_a_process_is_measured_by_its_own_cpu_and_memory(tmp_path: Path) -> None:
    """What the kernel counted for the child, not for this process."""
    hungry = "block = bytearray(700 * 2**20); sum(range(5_000_000))"

    sample = run("hungry", [sys.executable, "-c", hungry], log=tmp_path / "log", server_cpu=lambda: 3.0)

    assert 700 * 2**20 < sample.rss_bytes < 1_400 * 2**20
    assert 0 < sample.cpu_seconds < 3 * sample.seconds
    assert sample.server_cpu_seconds == 0


def test_peers_that_cannot_be_had_are_named(tmp_path: Path) -> None:
    """A peer without its package is missing with a reason; nobody invents a number for it."""
    missing = contestants.missing_peers(tmp_path / "python")

    assert missing.keys() == contestants.PEERS.keys()
    assert all(reason.startswith("not available: ") for reason in missing.values())


@pytest.mark.timeout(240)
def test_a_run_ends_with_one_line_of_json_that_has_every_measure(tmp_path: Path) -> None:
    """A small file goes through everything but the peers; the exit code is 1 when the line names a miss."""
    archive = _small_archive(tmp_path)
    command = [sys.executable, "-m", "benchmarks", "--server", Kind.MARIADB, "--dataset", str(archive)]
    command += ["--repeat", "1", "--peers-python", str(tmp_path / "python")]

    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)

    assert done.returncode in {0, 1}, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode == 1) == bool(result["missed"])
    assert result["run"]["rows"] == 3_000
    server = result["mariadb"]
    peers = {f"vs_{peer}" for peer in contestants.PEERS} | {"step_vs_peer_merge"}
    assert {goal.measure for goal in GOALS} - peers <= server.keys()
    assert server["peers_unavailable"].keys() == contestants.PEERS.keys()
    assert {"bare", "bare_sorted", "ours", "ours_step", "ours_rerun", "dagster", "ours_3x", "ours_10x"} <= server[
        "medians"
    ].keys()
    assert server["medians"]["ours"]["seconds"] > 0 < server["startup_seconds"]
    for name in ("ours", "ours_step", "ours_rerun"):
        told = server["phases"][name]
        assert list(told) == ["start", "unpack", "scan", "record", "publish", "load", "end"]
        assert sum(told.values()) == pytest.approx(server["medians"][name]["seconds"], abs=0.01)
    assert "bare" not in server["phases"]


def _small_archive(folder: Path) -> Path:
    rows = [row for row in datasets.generated(20_000) if row[0] >= 2000][:3_000]
    csv = folder / "small.csv"
    csv.write_text("\n".join([datasets.HEADER, *(",".join(map(str, row)) for row in rows)]) + "\n", encoding="utf-8")
    return datasets.packed(csv, folder / "small.zip")
