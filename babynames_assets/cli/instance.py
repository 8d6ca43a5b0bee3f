"""The embedded Dagster instance of a checkout: its home folder, and runs in it by Dagster's own command line."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from babynames_assets.errors import ConfigurationError, FatalError
from babynames_assets.settings import Settings, environment_with

MODULE = "babynames_assets.definitions"
YEARLY_ASSETS = "validated/baby_names,warehouse/baby_names,hubspot/contacts"
"""As Dagster's asset selection, upstream first."""


def prepare_home(settings: Settings) -> Path:
    """Make the instance's home in the state folder, with the checkout's dagster.yaml in it."""
    home = settings.state_folder.absolute() / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(checkout() / "dagster.yaml", home / "dagster.yaml")
    return home


def checkout() -> Path:
    """The folder that holds dagster.yaml and workspace.yaml.

    Raises:
        ConfigurationError: the package was installed without its checkout.
    """
    folder = Path(__file__).parents[2]
    if not (folder / "dagster.yaml").is_file():
        raise ConfigurationError(f"There is no dagster.yaml in {folder}: run this from a checkout of the repository.")
    return folder


def materialize(
    assets: str,
    *,
    years: tuple[int, int] | None,
    environment: Mapping[str, str],
    log: Path,
    on_event: Callable[[dict[str, object]], None],
) -> None:
    """Run some assets, as ``dagster asset materialize`` does, and wait for the end.

    Args:
        assets: a Dagster asset selection.
        years: first and last partition, or None for assets without partitions.
        environment: variables that the run gets beside this process's own; DAGSTER_HOME is one of them.
        log: all that the run prints is added to this file.
        on_event: called with each structured log line.

    Raises:
        FatalError: the run failed; the message holds the reason.
    """
    command = [sys.executable, "-m", "dagster", "asset", "materialize", "-m", MODULE, "--select", assets]
    if years:
        command += ["--partition-range", f"{years[0]}...{years[1]}"]
    errors: list[str] = []
    with ExitStack() as stack:
        file = stack.enter_context(log.open("a", encoding="utf-8"))
        process = stack.enter_context(
            subprocess.Popen(  # noqa: S603 - our own interpreter and Dagster's command line
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=environment_with(environment),
                cwd=checkout(),
            )
        )
        for line in process.stdout or ():
            file.write(line)
            if line.startswith("{"):
                _deliver(line, on_event)
            elif "babynames_assets.errors." in line:
                errors.append(line.strip())
    if process.returncode:
        reason = errors[-1] if errors else f"exit code {process.returncode}"
        raise FatalError(f"The Dagster run of {assets} failed: {reason}\nThe whole log is in {log}.")


def _deliver(line: str, on_event: Callable[[dict[str, object]], None]) -> None:
    try:
        event = json.loads(line)
    except ValueError:
        return
    if isinstance(event, dict) and "event" in event:
        on_event(event)


def materialized_numbers(home: Path, asset: str, *, after: float) -> dict[str, int]:
    """Sum the numbers that the materializations of an asset carry, over its partitions.

    Args:
        home: the instance's folder.
        asset: whose materializations, as ``place/thing``.
        after: only those since then, in seconds of the Unix epoch.
    """
    import dagster as dg  # noqa: PLC0415 - takes a second to import, which the other commands need not wait for

    totals: dict[str, int] = {}
    with dg.DagsterInstance.from_config(str(home)) as instance:
        records = instance.fetch_materializations(
            dg.AssetRecordsFilter(asset_key=dg.AssetKey(asset.split("/")), after_timestamp=after), limit=10_000
        ).records
    for record in records:
        materialization = record.asset_materialization
        for name, value in (materialization.metadata if materialization else {}).items():
            if isinstance(value, dg.IntMetadataValue) and value.value is not None:
                totals[name] = totals.get(name, 0) + value.value
    return totals
