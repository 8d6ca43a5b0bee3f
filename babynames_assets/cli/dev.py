"""``babynames dev``: Dagster's UI and daemon on the state that the demo left."""

import subprocess
import sys
from typing import Annotated

import typer
from rich.console import Console

from babynames_assets.cli import instance, services
from babynames_assets.clients import open_warehouse
from babynames_assets.settings import environment_with, load_settings
from babynames_assets.warehouse import migrations

_console = Console(highlight=False)


def dev(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of Dagster's UI.")] = 3000,
) -> None:
    """Run Dagster's UI and daemon, with emulators for what the settings do not name, until Ctrl-C."""
    settings = load_settings()
    settings.state_folder.mkdir(parents=True, exist_ok=True)
    home = instance.prepare_home(settings)
    engine = open_warehouse(settings)
    try:
        migrations.up(engine)
    finally:
        engine.dispose()
    with services.services(settings) as addresses:
        for name, address in addresses.items():
            if name.endswith("BASE_URL"):
                _console.print(f"{name}={address}")
        if services.EMULATES_HUBSPOT in addresses and settings.automation.enabled is None:
            # Whatever begins by itself reaches nobody's account.
            addresses["BABYNAMES_AUTOMATION__ENABLED"] = "true"
        _console.print(f"Dagster's UI: http://localhost:{port} (Ctrl-C ends it)")
        raise typer.Exit(_run_dagster(port, {**addresses, "DAGSTER_HOME": str(home)}))


def _run_dagster(port: int, environment: dict[str, str]) -> int:
    command = [sys.executable, "-m", "dagster", "dev", "--workspace", "workspace.yaml", "--port", str(port)]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and Dagster's command line
        command, env=environment_with(environment), cwd=instance.checkout()
    )
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The terminal sent Ctrl-C to Dagster too; its processes end one after the other.
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
