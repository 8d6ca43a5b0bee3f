"""The proof that it runs by itself: an empty instance, a daemon, two releases that appear, and nothing typed."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from babynames_assets.definitions import defs
from babynames_assets.emulators import kaggle, kaggle_versions, serving
from babynames_assets.warehouse import migrations
from babynames_assets.warehouse.engine import Engine, open_engine
from babynames_assets.year_ranges import ranges
from babynames_assets_tests.automation.daemons import Daemon, Run, running_daemon
from babynames_assets_tests.hubspot.emulated import TOKEN, Emulated, emulated_hubspot
from babynames_assets_tests.instance.homes import EMBEDDED, make_home

DATASET = "owner/names"
RAW = ("raw/baby_names_csv",)
YEARLY = ("hubspot/contacts", "validated/baby_names", "warehouse/baby_names")
WATCHING = ("changed_years", "landed_file", "new_kaggle_version")


@dataclass(frozen=True)
class Stage:
    """An installation in a folder, in which nothing has happened yet; what it is made of is real but for the services.

    Attributes:
        module: holds the definitions that the daemon loads.
        seconds: the longest wait for a release to be complete.
    """

    folder: Path
    module: str
    hubspot: Emulated
    engine: Engine
    environment: Mapping[str, str]
    seconds: float

    def publish(self, file: Path) -> None:
        """Let a release appear on Kaggle."""
        kaggle_versions.publish(self.folder / "kaggle", file)

    @contextmanager
    def daemon(self) -> Iterator[Daemon]:
        """Start the daemon on an empty instance."""
        home = make_home(self.folder, EMBEDDED)
        with running_daemon(home, self.module, self.environment) as daemon:
            yield daemon


@contextmanager
def stage(folder: Path, *, module: str, seconds: float, **settings: str) -> Iterator[Stage]:
    """Set up emulators and an empty, migrated warehouse.

    Args:
        folder: empty.
        module: holds the definitions.
        seconds: the longest wait for a release to be complete.
        settings: more settings of the installation, without their prefix.
    """
    url = f"sqlite:///{folder / 'warehouse.sqlite'}"
    engine = open_engine(SecretStr(url))
    migrations.up(engine)
    app = kaggle.create_app(folder / "kaggle", dataset=DATASET, token=None)
    with serving.running(app) as kaggle_url, emulated_hubspot(daily_limit=10**9) as hubspot:
        values = {
            "ENVIRONMENT": "production",
            "ENV_FILE": str(folder / "none.env"),
            "STATE_FOLDER": str(folder / "state"),
            "WAREHOUSE__URL": url,
            "KAGGLE__DATASET": DATASET,
            "KAGGLE__BASE_URL": kaggle_url,
            "HUBSPOT__BASE_URL": hubspot.url,
            "HUBSPOT__TOKEN": TOKEN,
            "HUBSPOT__TIER": "api_limit_increase",
            "QUALITY__MAX_REJECTED_SHARE": "1",  # the releases are small, and their bad lines as many as ever
            **settings,
        }
        environment = {f"BABYNAMES_{name}": value for name, value in values.items()}
        yield Stage(folder, module, hubspot, engine, environment, seconds)
    engine.dispose()


@dataclass
class Proof:
    """What happened by itself after a release appeared.

    Attributes:
        runs: the runs that were made for it.
        seconds: from its appearance until it was complete.
        checks: the results of the asset checks, by check.
    """

    runs: list[Run]
    seconds: float
    checks: dict[str, bool] = field(default_factory=dict)


def appears(stage: Stage, daemon: Daemon, release: Path, is_complete: Callable[[], bool], *, first: int = 0) -> Proof:
    """Let a release appear, wait until all is done, and see that nothing follows.

    Args:
        stage: the installation.
        daemon: runs.
        release: the file.
        is_complete: whether HubSpot equals the release.
        first: runs that there were before.
    """
    began = time.monotonic()
    stage.publish(release)
    daemon.wait(is_complete, what=f"{release.name} in HubSpot", seconds=stage.seconds)
    daemon.wait(
        lambda: all(run.status in ("SUCCESS", "FAILURE", "CANCELED") for run in daemon.runs()),
        what="the end of the runs",
        seconds=stage.seconds,
    )
    seconds = time.monotonic() - began
    # Were more to come, these looks would ask for it.
    daemon.wait_for_ticks(*WATCHING, more=3, seconds=stage.seconds)
    return Proof(daemon.runs()[first:], seconds, _checks(daemon))


def expected_runs(years: list[int]) -> list[Run]:
    """The runs of a release that touches some years: the raw file, then a run for each range without a gap."""
    fetched = Run("new_kaggle_version", RAW, (), "SUCCESS")
    brought = [Run("changed_years", YEARLY, tuple(range(first, last + 1)), "SUCCESS") for first, last in ranges(years)]
    return [fetched, *brought]


def _checks(daemon: Daemon) -> dict[str, bool]:
    """Whether each check that has run passed the last time."""
    storage = daemon.instance.event_log_storage
    keys = list(defs.resolve_asset_graph().asset_check_keys)
    found = storage.get_latest_asset_check_execution_by_key(keys)
    events = {key: record.event.dagster_event for key, record in found.items() if record.event}
    return {key.name: event.asset_check_evaluation_data.passed for key, event in events.items() if event}
