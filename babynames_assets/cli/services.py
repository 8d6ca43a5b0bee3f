"""Start the emulators as processes of their own, for as long as a command runs.

A service that the settings point elsewhere (BABYNAMES_KAGGLE__BASE_URL, BABYNAMES_HUBSPOT__BASE_URL or credentials) is
not emulated: the same command then speaks to the real one.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from babynames_assets.errors import FatalError
from babynames_assets.settings import Settings, environment_with

HUBSPOT_TOKEN = "pat-emulator-only"  # noqa: S105 - the emulator's own; it opens nothing else
HUBSPOT_TIER = "professional"
EMULATES_HUBSPOT = "BABYNAMES_HUBSPOT__BASE_URL"
"""Stands among the changes when HubSpot is emulated."""

CREDENTIALS = {"token", "token_next", "oauth_client_id", "oauth_client_secret", "oauth_refresh_token"}


@contextmanager
def services(settings: Settings) -> Iterator[dict[str, str]]:
    """Run the emulators that are needed; yields the environment variables that point at them."""
    logs = settings.state_folder / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    changes: dict[str, str] = {}
    with ExitStack() as stack:
        if not settings.kaggle.model_fields_set & {"base_url", "token"}:
            arguments = ["kaggle", "--folder", str(kaggle_folder(settings)), "--dataset", settings.kaggle.dataset]
            changes["BABYNAMES_KAGGLE__BASE_URL"] = stack.enter_context(_emulator(arguments, logs / "kaggle.log"))
        if not settings.hubspot.model_fields_set & {"base_url", *CREDENTIALS}:
            state = settings.state_folder / "hubspot.sqlite"
            arguments = ["hubspot", "--state", str(state), "--token", HUBSPOT_TOKEN, "--tier", HUBSPOT_TIER]
            changes[EMULATES_HUBSPOT] = stack.enter_context(_emulator(arguments, logs / "hubspot.log"))
            changes["BABYNAMES_HUBSPOT__TOKEN"] = HUBSPOT_TOKEN
            changes["BABYNAMES_HUBSPOT__TIER"] = HUBSPOT_TIER
        yield changes


def kaggle_folder(settings: Settings) -> Path:
    """Where the Kaggle emulator keeps the versions of the dataset."""
    return settings.state_folder / "kaggle"


@contextmanager
def _emulator(arguments: list[str], log: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "babynames_assets.cli", "emulate", *arguments, "--stop-with-stdin"]
    with log.open("ab") as errors, _process(command, errors) as process:
        yield _announced_url(process, arguments[0], log)


@contextmanager
def _process(command: list[str], errors: IO[bytes]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment_with({}), text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _announced_url(process: "subprocess.Popen[str]", name: str, log: Path) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise FatalError(f"The {name} emulator did not start (exit code {process.wait()}): see {log}.")
    return str(json.loads(line)["url"])
