"""One installation and one browser for the whole journey."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from babynames_assets.emulators import dataset, kaggle_versions
from babynames_assets_tests.browser.chromium import Chromium, find_chromium
from babynames_assets_tests.browser.installation import Installation, running_installation
from babynames_assets_tests.browser.person import Person, person_at

PICTURES = "BABYNAMES_TEST_PICTURES"
"""The environment variable that may name a folder to keep the pictures in: ``make screenshots`` names docs/images."""

FIRST_YEAR, LAST_YEAR = 2010, 2020
ALERT_ABOVE = 60
"""More than the generator's bad lines, fewer than those and what HubSpot will refuse."""


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Chromium:
    """The browser's program."""
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():  # a download takes a while: somebody wants to read so
        return find_chromium()


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dataset.Generated]:
    """A state folder in which the Kaggle emulator has a small dataset, and what that holds."""
    folder = tmp_path_factory.mktemp("installation") / "state"
    file = folder / "baby-names.csv"
    file.parent.mkdir(parents=True)
    truth = dataset.generate(file, seed=1880, first_year=FIRST_YEAR, last_year=LAST_YEAR, rows=1_500)
    kaggle_versions.publish(folder / "kaggle", file)
    return folder, truth


@pytest.fixture(scope="module")
def installation(release: tuple[Path, dataset.Generated]) -> Iterator[Installation]:
    """A running installation; when it ends, none of its processes is left."""
    settings = {
        "BABYNAMES_AUTOMATION__ENABLED": "false",  # the person begins everything
        "BABYNAMES_INGEST__FIRST_YEAR": str(FIRST_YEAR),
        "BABYNAMES_INGEST__LAST_YEAR": str(LAST_YEAR),
        "BABYNAMES_QUALITY__MAX_REJECTED_SHARE": "1",  # the release is small, and its bad lines as many as ever
        "BABYNAMES_DEAD_LETTERS__ALERT_ABOVE": str(ALERT_ABOVE),
        "BABYNAMES_DEAD_LETTERS__FIRST_WAIT": "86400",  # nothing is sent again while the person reads
    }
    with running_installation(release[0], settings) as running:
        yield running


@pytest.fixture(scope="module")
def person(
    installation: Installation, chromium: Chromium, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Person]:
    """Somebody in front of a browser that shows the installation's UI."""
    pictures = Path(os.environ.get(PICTURES) or tmp_path_factory.mktemp("pictures"))
    with person_at(installation.url, chromium, pictures) as somebody:
        yield somebody
