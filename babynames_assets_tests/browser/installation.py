"""What `make dev` starts, for a test: Dagster's UI and daemon on a free port, and the emulators, on its own folder."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from babynames_assets.variables import PREFIX
from babynames_assets_tests.hubspot.emulated import Emulated
from babynames_assets_tests.servers.private import free_port

_START_SECONDS = 240.0
_END_SECONDS = 60.0


@dataclass(frozen=True)
class Installation:
    """A running installation.

    Attributes:
        url: of Dagster's UI.
        hubspot: the emulator that it syncs to.
        folder: its state folder; ``dev.log`` beside it is what the command printed.
        environment: of its processes.
    """

    url: str
    hubspot: Emulated
    folder: Path
    environment: Mapping[str, str]

    def type(self, *words: str) -> str:
        """Type a babynames command beside it, and return what it prints."""
        command = [sys.executable, "-m", "babynames_assets.cli", *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True).stdout


@contextmanager
def running_installation(folder: Path, settings: Mapping[str, str]) -> Iterator[Installation]:
    """Run ``babynames dev`` as a terminal does, and end it with Ctrl-C; none of its processes is left.

    Args:
        folder: its state folder, in which the Kaggle emulator's may hold versions already.
        settings: variables beside the folder; nothing of the machine's own settings is inherited.
    """
    port, log = free_port(), folder.parent / "dev.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "DAGSTER_"))}
    environment |= {f"{PREFIX}STATE_FOLDER": str(folder), f"{PREFIX}ENV_FILE": str(folder / "no.env"), **settings}
    command = [sys.executable, "-m", "babynames_assets.cli", "dev", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(process, port, log)
        address = re.search(r"BABYNAMES_HUBSPOT__BASE_URL=(\S+)", log.read_text())
        assert address, log.read_text()
        with requests.Session() as session:
            yield Installation(f"http://127.0.0.1:{port}", Emulated(address[1], session), folder, environment)
    finally:
        _end(process)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            requests.get(f"http://127.0.0.1:{port}/server_info", timeout=5).raise_for_status()
        except requests.RequestException:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        else:
            return


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Press Ctrl-C; whatever does not end by it is killed, and the test fails."""
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    os.killpg(process.pid, signal.SIGINT)
    _gone, left = psutil.wait_procs(family, timeout=_END_SECONDS)
    commands = [" ".join(one.cmdline()) for one in left]
    for one in left:
        one.kill()
    process.wait()
    assert commands == [], "these outlive Ctrl-C"
