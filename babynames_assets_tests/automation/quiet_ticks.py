"""Thousands of looks while nothing is new, by the daemon's own code and a real code server: what they leave behind.

The daemon's clock is put forward between the looks, so that days pass and its retention of old ticks is seen at work.
"""

import datetime as dt
import logging
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import psutil
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget
from dagster._daemon.sensor import execute_sensor_iteration

from babynames_assets_tests.automation.daemons import running_code_server

MODULE = "babynames_assets.definitions"


@dataclass(frozen=True)
class Standing:
    """What is there at one moment.

    Attributes:
        ticks: looks that the instance keeps.
        runs: runs that it keeps.
        storage: bytes of its folder.
        daemon: bytes of memory of the process that runs the daemon's code.
        code_server: bytes of memory of the code servers.
    """

    ticks: int
    runs: int
    storage: int
    daemon: int
    code_server: int

    def __str__(self) -> str:
        sizes = f"storage {self.storage / 2**20:.1f} MiB, daemon {self.daemon / 2**20:.0f} MiB"
        return f"{self.ticks} ticks kept, {self.runs} runs, {sizes}, code server {self.code_server / 2**20:.0f} MiB"


@dataclass
class Quiet:
    """The daemon's code on an instance where nothing is new."""

    context: WorkspaceProcessContext
    home: Path
    now: dt.datetime
    looks: int = 0

    def look(self, times: int, *, every: dt.timedelta) -> None:
        """Let all sensors be looked at so many times, with so much time in between."""
        logger = logging.getLogger("quiet_ticks")
        logger.setLevel(logging.ERROR)
        for _ in range(times):
            self.now += every
            with freeze_time(self.now):
                list(execute_sensor_iteration(self.context, logger, None, None))
            self.looks += 1

    def standing(self) -> Standing:
        """What is there now."""
        instance, process = self.context.instance, psutil.Process()
        kept = [
            len(instance.get_ticks(state.instigator_origin_id, state.selector_id))
            for state in instance.all_instigator_state()
        ]
        files = [path.stat().st_size for path in self.home.rglob("*") if path.is_file()]
        # A database's server is a child as well, and keeps what it likes in memory.
        servers = [child.memory_info().rss for child in process.children(recursive=True) if "grpc" in child.cmdline()]
        return Standing(sum(kept), instance.get_runs_count(), sum(files), process.memory_info().rss, sum(servers))

    def failures(self) -> list[str]:
        """What went wrong in looks that are kept."""
        instance = self.context.instance
        ticks = [
            tick
            for state in instance.all_instigator_state()
            for tick in instance.get_ticks(state.instigator_origin_id, state.selector_id)
        ]
        return [f"{tick.instigator_name}: {tick.error}" for tick in ticks if tick.error]


@contextmanager
def quiet(instance: dg.DagsterInstance, home: Path) -> Iterator[Quiet]:
    """Start a code server for the daemon's code; the settings are this process's environment.

    Args:
        instance: where everything is done.
        home: its folder.
    """
    with running_code_server(MODULE) as port, ExitStack() as stack:
        target = GrpcServerTarget(host="localhost", port=port, socket=None, location_name="babynames_assets")
        context = stack.enter_context(create_test_daemon_workspace_context(target, instance))
        yield Quiet(context, home, dt.datetime.now(dt.UTC))


def materialize_everything(instance: dg.DagsterInstance, first: int, last: int) -> None:
    """Bring an installation to its release, so that nothing is new."""
    from babynames_assets.definitions import defs  # noqa: PLC0415 - the settings have to be there first
    from babynames_assets.partitions import range_tags  # noqa: PLC0415 - as above

    job = defs.get_repository_def().get_implicit_global_asset_job_def()
    for assets, tags in (("raw",), {}), (("validated", "warehouse", "hubspot"), range_tags(first, last)):
        keys = [key for key in job.asset_layer.executable_asset_keys if key.path[0] in assets]
        assert job.execute_in_process(instance=instance, asset_selection=keys, tags=tags).success


def put_into_environment(values: dict[str, str]) -> None:
    """Make the settings of an installation those of this process and of those that it starts."""
    os.environ.update(values)
