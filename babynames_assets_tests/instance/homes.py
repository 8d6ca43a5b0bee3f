"""Dagster instances for tests: those that a home folder describes, on a database of their own."""

import shutil
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
EMBEDDED = CHECKOUT / "dagster.yaml"
PRODUCTION = CHECKOUT / "deploy" / "dagster.yaml"


def make_home(folder: Path, config: Path) -> Path:
    """A home folder with a copy of this dagster.yaml."""
    home = folder / "dagster-home"
    home.mkdir()
    shutil.copyfile(config, home / "dagster.yaml")
    return home
