"""Tests of looking again and again while nothing is new: no run, and no more of anything."""

import datetime as dt
from pathlib import Path

import dagster as dg
import pytest

from babynames_assets.emulators import dataset
from babynames_assets_tests.automation import quiet_ticks
from babynames_assets_tests.automation.proof import stage
from babynames_assets_tests.instance.homes import EMBEDDED, make_home

LOOKS = 20
"""In a week and a little, nine hours apart."""

A_TICK = 4096
"""Bytes that a look may take on the disk, with its indexes, until it is purged a week later."""


@pytest.mark.timeout(600)
def test_looks_at_nothing_new_start_no_run_and_pile_up_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two weeks pass in forty looks of each sensor: those of the second week take the places of the first's."""
    home, release = make_home(tmp_path, EMBEDDED), tmp_path / "release.csv"
    dataset.generate(release, seed=7, first_year=2001, last_year=2003, rows=60)
    every = dt.timedelta(hours=9)

    with stage(tmp_path, module=quiet_ticks.MODULE, seconds=60, INGEST__FIRST_YEAR="2001") as here:
        for name, value in here.environment.items():
            monkeypatch.setenv(name, value)
        here.publish(release)
        with dg.DagsterInstance.from_config(str(home)) as instance:
            quiet_ticks.materialize_everything(instance, 2001, 2003)
            with quiet_ticks.quiet(instance, home) as quiet:
                quiet.look(2, every=every)
                first = quiet.standing()
                quiet.look(LOOKS, every=every)
                a_week = quiet.standing()
                quiet.look(LOOKS, every=every)
                two_weeks = quiet.standing()
                failures = quiet.failures()

    assert failures == []
    assert (first.runs, a_week.runs, two_weeks.runs) == (2, 2, 2)
    assert two_weeks.ticks <= LOOKS * first.ticks // 2
    assert two_weeks.storage - a_week.storage < 16 * A_TICK
    assert a_week.storage - first.storage < LOOKS * first.ticks // 2 * A_TICK
    assert two_weeks.daemon + two_weeks.code_server - a_week.daemon - a_week.code_server < 32 * 2**20
