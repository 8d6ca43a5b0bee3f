"""``babynames doctor``: what is configured, what answers, what is wrong and how to mend it."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import typer
from rich.console import Console
from rich.table import Table

from babynames_assets.clients import open_hubspot, open_kaggle, open_warehouse
from babynames_assets.errors import BabynamesError
from babynames_assets.settings import Settings, configured_names, load_settings
from babynames_assets.warehouse import migrations
from babynames_assets.warehouse.engine import describe


@dataclass(frozen=True)
class Finding:
    """What one examination found."""

    subject: str
    state: Literal["good", "bad"]
    message: str


_console = Console(highlight=False)


def doctor() -> None:
    """Examine this installation; exit code 1 when anything is wrong. Nothing is changed."""
    settings = load_settings()
    findings = list(examine(settings))
    table = Table(show_lines=True)
    for heading in ("", "What", "Finding"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        mark = "[green]good[/green]" if finding.state == "good" else "[red]bad[/red]"
        table.add_row(mark, finding.subject, finding.message)
    _console.print(table)
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Examine one thing after the other; a bad one never hides the next."""
    examinations: dict[str, Callable[[Settings], str]] = {
        "Python": _python,
        "settings": _settings,
        "state folder": _state_folder,
        "warehouse": _warehouse,
        "landing folder": _landing_folder,
        "Kaggle": _kaggle,
        "HubSpot": _hubspot,
    }
    for subject, look in examinations.items():
        try:
            yield Finding(subject, "good", look(settings))
        except (BabynamesError, OSError) as error:
            yield Finding(subject, "bad", str(error))


def _python(settings: Settings) -> str:  # noqa: ARG001 - every examination has the same signature
    return f"{platform.python_version()} ({sys.executable})"


def _settings(settings: Settings) -> str:
    names = ", ".join(sorted(configured_names())) or "nothing, all defaults"
    return f"environment {settings.environment}; set: {names}"


def _state_folder(settings: Settings) -> str:
    folder = settings.state_folder.absolute()
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not os.access(nearest, os.W_OK):
        raise PermissionError(f"{nearest} is not writable: change its owner, or set BABYNAMES_STATE_FOLDER")
    return str(folder)


def _warehouse(settings: Settings) -> str:
    engine = open_warehouse(settings)
    try:
        server = describe(engine)
        migrations.require_migrated(engine)
        return f"{server}, schema up to date"
    finally:
        engine.dispose()


def _landing_folder(settings: Settings) -> str:
    folder = settings.landing_folder
    files = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    return f"{folder}: {', '.join(files)} (taken instead of Kaggle's)" if files else f"{folder}: empty, Kaggle is asked"


def _kaggle(settings: Settings) -> str:
    with open_kaggle(settings) as client:
        version = client.latest(settings.kaggle.dataset, settings.kaggle.version)
    return f"{version.dataset} version {version.number} of {version.updated_at:%Y-%m-%d} at {settings.kaggle.base_url}"


def _hubspot(settings: Settings) -> str:
    engine = open_warehouse(settings)
    try:
        migrations.require_migrated(engine)  # the rate limit is kept there
        client = open_hubspot(settings, engine)
        try:
            found = client.account()
        finally:
            client.close()
    finally:
        engine.dispose()
    account = f"account {found.portal_id} ({found.time_zone}) at {settings.hubspot.base_url}"
    return f"{account}, limits of tier {settings.hubspot.tier}"
