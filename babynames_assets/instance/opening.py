"""Opens Dagster's instance for what is not run by Dagster itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from babynames_assets.errors import ConfigurationError
from babynames_assets.settings import Settings, dagster_home


def home_of(settings: Settings) -> Path:
    """The folder of the instance: ``DAGSTER_HOME``, or that of ``make dev`` in the state folder."""
    return dagster_home() or settings.state_folder.absolute() / "dagster"


@contextmanager
def open_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance that webserver, daemon and runs of this installation share.

    Raises:
        ConfigurationError: there is none.
    """
    home = home_of(settings)
    if not (home / "dagster.yaml").is_file():
        raise ConfigurationError(
            f"There is no dagster.yaml in {home}: set DAGSTER_HOME to the folder of the instance (deploy/dagster.yaml "
            "belongs there), or make the one of this machine with: make dev"
        )
    with dg.DagsterInstance.from_config(str(home)) as instance:
        yield instance
