"""Sensors and schedules as the daemon uses them: looked at again and again, with what they remember in between."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg

from babynames_assets.definitions import defs
from babynames_assets.settings import load_settings
from babynames_assets_tests.dagster_shell.conftest import Installation

LANDED = "landed_file"
NAMES = "Year,Name,Sex,Count\n2001,Mary,F,7\n"


@dataclass
class Ticks:
    """The sensors of an installation, and their cursors."""

    installation: Installation
    cursors: dict[str, str | None] = field(default_factory=dict)

    def look(self, name: str) -> list[dg.RunRequest]:
        """Let a sensor look once: the runs that it requests."""
        return self.tick(name)[0]

    def why_not(self, name: str) -> str:
        """Let a sensor look once that has nothing to request: what it says."""
        requests, message = self.tick(name)
        assert requests == []
        return message

    def tick(self, name: str) -> tuple[list[dg.RunRequest], str]:
        """Let a sensor look once: what it requests, and what it says otherwise."""
        repository = defs.get_repository_def()
        sensor = repository.get_sensor_def(name)
        with dg.build_sensor_context(
            instance=self.installation.instance,
            repository_def=repository,
            cursor=self.cursors.get(name),
            resources={
                key: value for key, value in (defs.resources or {}).items() if key in sensor.required_resource_keys
            },
        ) as context:
            found = sensor.evaluate_tick(context)
        self.cursors[name] = found.cursor
        for event in found.asset_events:
            self.installation.instance.report_runless_asset_event(event)
        return list(found.run_requests or []), str(found.skip_message)

    def look_and_run(self, name: str) -> list[dg.ExecuteInProcessResult]:
        """Let a sensor look once, and do the runs that it requests."""
        return [self.run(request) for request in self.look(name)]

    def run(self, request: dg.RunRequest, *, raise_on_error: bool = False) -> dg.ExecuteInProcessResult:
        """Do a run that was requested."""
        assets = ["/".join(key.path) for key in request.asset_selection or ()]
        tags = {**request.tags, "dagster/run_key": str(request.run_key)}
        return self.installation.run(*assets, tags=tags, raise_on_error=raise_on_error)

    def begin(self, *, status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED, **tags: str) -> str:
        """Enter a run that is under way and never ends: of the raw file, or of the years of its tags."""
        assets = {"validated", "warehouse"} if tags else {"raw"}
        job = defs.get_repository_def().get_implicit_global_asset_job_def()
        keys = frozenset(key for key in job.asset_layer.executable_asset_keys if key.path[0] in assets)
        return self.installation.instance.create_run_for_job(
            job, status=status, tags={f"dagster/{name}": value for name, value in tags.items()}, asset_selection=keys
        ).run_id

    def job(self, name: str) -> dg.JobDefinition:
        """A job, with its resources."""
        return defs.resolve_job_def(name)

    def schedule(self, name: str) -> list[dg.RunRequest]:
        """Let a schedule come due: the runs that it requests."""
        repository = defs.get_repository_def()
        schedule = repository.get_schedule_def(name)
        resources: dict[str, Any] = dict(defs.resources or {})
        with dg.build_schedule_context(
            instance=self.installation.instance,
            repository_def=repository,
            resources={key: value for key, value in resources.items() if key in schedule.required_resource_keys},
        ) as context:
            return list(schedule.evaluate_tick(context).run_requests or [])


def years_of(requests: list[dg.RunRequest]) -> list[tuple[int, int]]:
    """First and last year of each run that is requested."""
    ends = ("start", "end")
    return [
        (int(first), int(last))
        for first, last in (
            [request.tags[f"dagster/asset_partition_range_{end}"] for end in ends] for request in requests
        )
    ]


def land(name: str = "names.csv", text: str = NAMES, *, seconds_ago: float = 60) -> Path:
    """Drop a file into the landing folder."""
    folder = load_settings().landing_folder
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    moment = time.time() - seconds_ago
    os.utime(path, (moment, moment))
    return path


def look_twice(ticks: Ticks) -> list[dg.RunRequest]:
    """Let the landing folder's sensor see a file, and see it unchanged."""
    ticks.look(LANDED)
    return ticks.look(LANDED)
