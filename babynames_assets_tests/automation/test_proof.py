"""Test that it runs by itself: a real daemon and code server, emulators over HTTP, and nothing typed."""

from pathlib import Path

import psutil
import pytest

from babynames_assets.emulators import dataset
from babynames_assets_tests.automation import impatient
from babynames_assets_tests.automation.proof import appears, expected_runs, stage
from babynames_assets_tests.releases import as_contacts, read_release, touched_years

FIRST, LAST = 2001, 2006
SECONDS = 240.0
"""The longest wait for one release; on a machine with nothing else to do it takes less than half a minute."""


def release(folder: Path, revision: int) -> Path:
    """Write a release of which the next one leaves some years as they are."""
    file = folder / f"release-{revision}.csv"
    dataset.generate(file, seed=12, first_year=FIRST, last_year=LAST, rows=90, revision=revision)
    return file


@pytest.mark.timeout(600)
def test_two_releases_arrive_by_themselves_and_nothing_else_happens(tmp_path: Path) -> None:
    """The first is one run of all years, the second a run for each range of touched years; HubSpot is equal."""
    files = [release(tmp_path, revision) for revision in (0, 1)]
    rows = [read_release(file, range(FIRST, LAST + 1 + revision)) for revision, file in enumerate(files)]
    touched = touched_years(*rows)
    assert touched[-1] == LAST + 1
    assert set(range(FIRST, LAST + 1)) - set(touched)
    folder = tmp_path / "installation"
    folder.mkdir()
    settings = {"INGEST__FIRST_YEAR": str(FIRST), "AUTOMATION__KAGGLE_SECONDS": "1"}

    with stage(folder, module=impatient.__name__, seconds=SECONDS, **settings) as here, here.daemon() as daemon:
        program = psutil.Process(daemon.process.pid)
        first = appears(here, daemon, files[0], lambda: here.hubspot.births() == as_contacts(rows[0]))
        second = appears(
            here, daemon, files[1], lambda: here.hubspot.births() == as_contacts(rows[1]), first=len(first.runs)
        )
        writes = here.hubspot.stats()["writes"]
        family = [program, *program.children(recursive=True)]

    assert first.runs == expected_runs(list(range(FIRST, LAST + 1)))
    assert first.runs[0] == second.runs[0]
    assert sorted(map(str, second.runs)) == sorted(map(str, expected_runs(touched)))
    assert second.checks
    assert all(second.checks.values()), second.checks
    assert writes["redundant"] == 0
    assert not any(process.is_running() for process in family)
