"""How long each phase of a process took, as the process itself tells it in a file."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START = "start"
"""Interpreter and imports: the CPU that the process has used when its work begins."""


class Phases:
    """The phases so far, in seconds."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {START: time.process_time()}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a block."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = time.perf_counter() - started

    def write(self, path: Path) -> None:
        """Tell who measures the process."""
        path.write_text(json.dumps(self._seconds), encoding="utf-8")


def read(path: Path) -> dict[str, float]:
    """The phases that a process told, and no more of them at the next reading; none if it told none."""
    if not path.is_file():
        return {}
    phases: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    return phases
