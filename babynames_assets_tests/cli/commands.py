"""Commands that run to their end, each in a process of its own that need not import everything first."""

import json
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

_CHECKOUT = Path(__file__).parents[2]
_MODULE = "babynames_assets_tests.cli.warm"
_SECONDS = 240.0


class Commands:
    """Lets commands run, one at a time, forked from a process that the first of them starts."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(self, arguments: tuple[str, ...], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
        """Run one to its end.

        Raises:
            TimeoutExpired: it does not end.
        """
        with NamedTemporaryFile("r", encoding="utf-8") as out, NamedTemporaryFile("r", encoding="utf-8") as err:
            order = {"arguments": arguments, "environment": environment, "out": out.name, "err": err.name}
            code = self._ask(json.dumps(order), arguments)
            return subprocess.CompletedProcess(arguments, code, out.read(), err.read())

    def close(self) -> None:
        """End the process, if there is one."""
        if self._process:
            self._process.communicate(timeout=_SECONDS)
            self._process = None

    def _ask(self, order: str, arguments: tuple[str, ...]) -> int:
        if not self._process:
            command = [sys.executable, "-m", _MODULE]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, cwd=_CHECKOUT, stdin=pipe, stdout=pipe, text=True)
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{order}\n")
        self._process.stdin.flush()
        if not select.select([self._process.stdout], [], [], _SECONDS)[0]:
            raise subprocess.TimeoutExpired(arguments, _SECONDS)
        return int(self._process.stdout.readline())


COMMANDS = Commands()
"""Of all tests of the command, in this process."""
