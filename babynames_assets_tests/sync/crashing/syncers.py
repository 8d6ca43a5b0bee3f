"""The syncs of the campaign, seen from the process that lets them run."""

import json
import select
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_CHECKOUT = Path(__file__).parents[3]
_MODULE = "babynames_assets_tests.sync.crashing.zygote"
_START_SECONDS = 60.0
_SLICE_SECONDS = 0.5


class SyncerError(Exception):
    """A sync does not end."""


class Syncers:
    """Starts syncs in processes of their own, which end with this one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE], cwd=_CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        )
        self._rest = b""
        self._said: dict[int, list[str]] = defaultdict(list)
        self._number = 0

    def __enter__(self) -> Self:
        self.wait_for(0, {"ready"}, _START_SECONDS)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(_START_SECONDS)
        self._process.stdout.close()

    def start(self, **order: Any) -> int:
        """Let a sync begin; gives its number."""
        self._number += 1
        assert self._process.stdin
        self._process.stdin.write(json.dumps({**order, "number": self._number}).encode() + b"\n")
        return self._number

    def wait_for(self, number: int, words: set[str], seconds: float) -> str:
        """The first line of a sync that begins with one of the words.

        Raises:
            SyncerError: it does not come.
        """
        waited = 0.0
        while waited < seconds:
            for line in self._said[number]:
                if line.split(" ", 1)[0] in words:
                    return line
            began = time.monotonic()
            self._receive(_SLICE_SECONDS)
            # A machine that stood still for minutes, this process included, is no sync that hangs.
            waited += min(time.monotonic() - began, _SLICE_SECONDS)
        raise SyncerError(f"sync {number} did not come to {' or '.join(sorted(words))} in {seconds:.0f} s")

    def lines(self, number: int) -> list[str]:
        """What a sync has said."""
        return self._said[number]

    def _receive(self, seconds: float) -> None:
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            return
        more = self._process.stdout.read(2**16)
        if not more:
            raise SyncerError("the process that forks the syncs has ended")
        *lines, self._rest = (self._rest + more).split(b"\n")
        for line in lines:
            number, _, text = line.decode().partition(" ")
            self._said[int(number)].append(text)
