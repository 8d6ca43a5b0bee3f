"""A loader in a process of its own, seen from the process that kills it."""

import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from babynames_assets_tests.loading.crashing.loader import OUTSIDE

_CHECKOUT = Path(__file__).parents[3]
_MODULE = "babynames_assets_tests.loading.crashing.loader"
_START_SECONDS = 60.0


class Loader:
    """A process that waits for a release to load. It ends when this process does.

    Args:
        url: the warehouse.
        way: how it loads, a key of ``loads.LOADS``.
    """

    def __init__(self, url: str, way: str) -> None:
        self._said = b""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, url, way],
            cwd=_CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
        )

    def __enter__(self) -> Self:
        self._wait_for({"ready"}, _START_SECONDS)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.kill()
        self._errors.close()

    def begin(self, frames: Path) -> None:
        """Let it load; returns when it has begun."""
        self._said = b""
        assert self._process.stdin
        self._process.stdin.write(f"{frames}\n".encode())
        self._wait_for({"begin"}, _START_SECONDS)

    def kill(self) -> None:
        """End it with SIGKILL; what it said before stays readable."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.kill()
        while self._receive(_START_SECONDS):
            pass
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def finish(self, seconds: float) -> None:
        """Wait until it is done or has failed."""
        self._wait_for({"done", "failed"}, seconds)

    def is_done(self) -> bool:
        """Whether the load has ended well by now."""
        while self._receive(0):
            pass
        return "done" in self._words()

    @property
    def failure(self) -> str | None:
        """The RetryableError that ended the load."""
        return next((line for line in self._lines() if line.startswith("failed ")), None)

    @property
    def was_killed(self) -> bool:
        """Whether it lived until it was killed."""
        return self._process.returncode == -signal.SIGKILL

    @property
    def years(self) -> set[int]:
        """The years that it said were loaded."""
        return {int(line.split()[1]) for line in self._lines() if line.startswith("loaded ")}

    @property
    def phase(self) -> str:
        """What it did last, on whichever connection."""
        phases = [line.split()[2] for line in self._lines() if line.startswith("at ")]
        return phases[-1] if phases else OUTSIDE

    @property
    def errors(self) -> str:
        """The end of its log."""
        self._errors.seek(0)
        return self._errors.read()[-3000:].decode(errors="replace")

    def _lines(self) -> list[str]:
        return self._said.decode().splitlines()

    def _words(self) -> list[str]:
        return [line.split(" ", 1)[0] for line in self._lines()]

    def _receive(self, seconds: float) -> bool:
        """Whether more was said within this time; false at the end too."""
        assert self._process.stdout
        if self._process.stdout.closed or not select.select([self._process.stdout], [], [], seconds)[0]:
            return False
        more = self._process.stdout.read(2**16)
        self._said += more
        return bool(more)

    def _wait_for(self, words: set[str], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while words.isdisjoint(self._words()):
            if not self._receive(max(0.0, deadline - time.monotonic())):
                raise LoaderError(f"The loader did not come to {' or '.join(words)}. Its log ends with:\n{self.errors}")


class LoaderError(Exception):
    """The loader ended, or hangs, where it should have gone on."""
