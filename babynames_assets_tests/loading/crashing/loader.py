"""The process that is killed: loads the releases that it is told to, and says where it is.

``python -m babynames_assets_tests.loading.crashing.loader URL WAY``. Each line of standard input names the folder of a
release's frames. Standard output has a line an event: ``begin``, ``at CONNECTION PHASE``, ``loaded YEAR``, ``done``, or
``failed ERROR``. They are written at once, so that none is lost with the process.
"""

import logging
import os
import sys
import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from babynames_assets.errors import RetryableError
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.observability.logging import configure_logging
from babynames_assets.warehouse.engine import Engine, open_engine
from babynames_assets_tests.loading.crashing.loads import LOADS, Load

OUTSIDE = "between"
"""The phase between two transactions, or before the first connection."""

_PHASES = (
    ("year_locks", "hold"),
    ("FROM ledger", "read"),
    ("ledger", "ledger"),
    ("DELETE FROM baby_names", "delete"),
    ("INTO TABLE baby_names", "write"),
    ("INTO baby_names", "write"),
    ("FROM baby_names", "read"),
    ("PARTITION", "partition"),
)


def run(url: str, way: Load) -> None:
    """Load release after release, each on connections of its own, until standard input ends."""
    say("ready")
    for line in sys.stdin:
        say("begin")
        engine = open_engine(SecretStr(url))
        _report_phases(engine)
        try:
            way(engine, FrameStore(Path(line.strip())), lambda year: say(f"loaded {year}"))
        except RetryableError as error:
            say(f"failed {type(error).__name__} {error}")
        else:
            say("done")
        finally:
            engine.dispose()


def say(text: str) -> None:
    """Write a line to standard output in one piece."""
    os.write(1, f"{' '.join(text.split())}\n".encode())


def _report_phases(engine: Engine) -> None:
    def report(phase: str) -> None:
        say(f"at {threading.get_ident()} {phase}")

    def statement_begins(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        report(next((phase for part, phase in _PHASES if part in statement), "other"))

    sa.event.listen(engine, "do_connect", lambda *_: report("connect"))
    sa.event.listen(engine, "before_cursor_execute", statement_begins)
    sa.event.listen(engine, "commit", lambda _c: report("commit"))
    sa.event.listen(engine, "checkin", lambda *_: report(OUTSIDE))


if __name__ == "__main__":
    configure_logging("warning")
    logging.captureWarnings(capture=True)
    run(sys.argv[1], LOADS[sys.argv[2]])
