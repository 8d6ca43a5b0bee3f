"""``babynames doctor``: what is configured, what answers, what is wrong and how to mend it."""

import os
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import typer
from rich.console import Console
from rich.table import Table

from babynames_assets.cli.calls import describe_calls
from babynames_assets.clients import open_hubspot, open_kaggle, open_secrets, open_warehouse
from babynames_assets.errors import BabynamesError, FatalError, PausedError
from babynames_assets.notifications.opening import GUIDE as NOTIFICATIONS_GUIDE
from babynames_assets.notifications.opening import open_routes
from babynames_assets.settings import Settings, configured_names, dagster_home, load_settings
from babynames_assets.warehouse import delivery_reviews, migrations
from babynames_assets.warehouse.engine import Engine, connect, describe


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
        "HubSpot's calls": _calls,
        "secrets": _secrets,
        "notifications": _notifications,
        **_dagster(settings),
    }
    for subject, look in examinations.items():
        try:
            yield Finding(subject, "good", look(settings))
        except PausedError as error:
            yield Finding(subject, "good", str(error))  # nothing is wrong, and it goes on by itself
        except (BabynamesError, OSError) as error:
            yield Finding(subject, "bad", str(error))


def _dagster(settings: Settings) -> dict[str, Callable[[Settings], str]]:
    """The examinations of Dagster's instance, where there is one."""
    from babynames_assets.instance import opening, standing  # noqa: PLC0415 - Dagster takes a second to import

    home = opening.home_of(settings)
    if dagster_home() is None and not home.is_dir():
        return {"Dagster": lambda _: f"no instance yet; make dev makes one in {home}"}
    return dict(standing.examinations())


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
    accepted, refused = [], []
    with _migrated_warehouse(settings) as engine:  # the rate limit is kept there, and OAuth's tokens
        for name, alone in _logins(settings).items():
            try:
                accepted.append(f"{_account(alone, engine)} by {name}")
            except FatalError as error:
                refused.append(str(error))
    if not accepted:
        raise FatalError(" ".join(refused))
    return "; ".join([*accepted, *refused]) + f"; limits of tier {settings.hubspot.tier}"


def _logins(settings: Settings) -> dict[str, Settings]:
    """Each way to log in that the settings hold, by name, as settings without the others."""
    hubspot = settings.hubspot
    if hubspot.uses_oauth:
        return {f"OAuth app {hubspot.oauth_client_id}": settings}
    if hubspot.token_next is None:
        return {"BABYNAMES_HUBSPOT__TOKEN": settings}
    newest = {"BABYNAMES_HUBSPOT__TOKEN_NEXT": _without(settings, "token")}
    return newest if hubspot.token is None else {**newest, "BABYNAMES_HUBSPOT__TOKEN": _without(settings, "token_next")}


def _without(settings: Settings, token: str) -> Settings:
    return settings.model_copy(update={"hubspot": settings.hubspot.model_copy(update={token: None})})


def _account(settings: Settings, engine: Engine) -> str:
    client = open_hubspot(settings, engine)
    try:
        found = client.account()
    finally:
        client.close()
    return f"account {found.portal_id} ({found.time_zone}) at {settings.hubspot.base_url}"


def _calls(settings: Settings) -> str:
    with _migrated_warehouse(settings) as engine:
        return describe_calls(settings, engine)


def _secrets(settings: Settings) -> str:
    if settings.secret_key is None and not settings.hubspot.uses_oauth:
        return "none change at run time: OAuth is not used"
    with _migrated_warehouse(settings) as engine:
        found = open_secrets(settings, engine).summaries()
    if unreadable := [secret.name for secret in found if not secret.is_readable]:
        raise FatalError(
            f"Encrypted by another key than those in BABYNAMES_SECRET_KEY: {', '.join(unreadable)}. Add that key there "
            "after a comma; if it is lost, run `babynames secrets forget NAME`."
        )
    return f"{len(found)} in the warehouse, encrypted, all readable"


def _notifications(settings: Settings) -> str:
    routes = open_routes(settings.notifications)
    if not routes:
        return f"none: nobody is told when something fails ({NOTIFICATIONS_GUIDE})"
    with _migrated_warehouse(settings) as engine, connect(engine) as connection:
        dead = delivery_reviews.counts(connection).get("dead", 0)
    if dead:
        raise FatalError(f"{dead:,} message(s) could not be delivered: babynames notify list --status dead")
    heartbeat = "a heartbeat" if settings.notifications.heartbeat_url else "no heartbeat"
    return f"{', '.join(route.name for route in routes)}; {heartbeat}; try them with: babynames notify test"


@contextmanager
def _migrated_warehouse(settings: Settings) -> Iterator[Engine]:
    engine = open_warehouse(settings)
    try:
        migrations.require_migrated(engine)
        yield engine
    finally:
        engine.dispose()
