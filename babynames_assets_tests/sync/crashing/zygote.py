"""The process whose children are killed: it has everything imported, and forks a sync for each order.

``python -m babynames_assets_tests.sync.crashing.zygote``. A line of standard input is an order, as JSON. A line of
standard output has the number of an order and an event: ``at EVENT`` where something was to happen, ``done``,
``stopped``, ``failed ERROR``, ``broken ERROR``, and, when the child is gone, ``ended STATUS``. When standard input
closes, all of them end.
"""

import faulthandler
import json
import os
import select
import signal
from types import FrameType
from typing import Any

from pydantic import SecretStr

from babynames_assets.errors import PausedError, RetryableError
from babynames_assets.observability.logging import configure_logging
from babynames_assets.warehouse.engine import open_engine
from babynames_assets_tests.hubspot.emulated import Emulated
from babynames_assets_tests.hubspot.oauth_client import oauth_tokens, secret_store
from babynames_assets_tests.sync.crashing.events import Events
from babynames_assets_tests.sync.crashing.ways import WAYS, options

_POLL_SECONDS = 0.005
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGTERM}
_HANGS_AFTER = 100.0
"""Seconds after which a sync says on standard error where it stands: the campaign soon gives up on it."""


class _TerminatedError(BaseException):
    """What the handler of SIGTERM raises, as Dagster's does."""


def serve() -> None:
    """Take orders until there are no more."""
    children: dict[int, int] = {}
    rest = b""
    say(0, "ready")
    while True:
        if select.select([0], [], [], _POLL_SECONDS)[0]:
            more = os.read(0, 2**16)
            if not more:
                break
            *lines, rest = (rest + more).split(b"\n")
            for order in map(json.loads, lines):
                children[_fork(order)] = order["number"]
        _reap(children)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def say(number: int, text: str) -> None:
    """Write a line to standard output in one piece."""
    os.write(1, f"{number} {' '.join(text.split())[:2000]}\n".encode())


def sync(order: dict[str, Any]) -> None:
    """Do what an order says, and say how it ended."""
    number = order["number"]

    def act(what: str) -> None:
        say(number, f"at {what}")
        if order["happening"] in _SIGNALS:
            os.kill(os.getpid(), _SIGNALS[order["happening"]])

    engine = open_engine(SecretStr(order["url"]))
    hubspot = Emulated(order["hubspot"])
    login = {"tokens": oauth_tokens(hubspot, secret_store(engine))} if order["uses_oauth"] else {}
    client = hubspot.client(attempts=8, max_wait=0.02, connections=order["in_flight"], **login)
    signal.signal(signal.SIGTERM, _raise)
    Events(order["event"], order["only"], order["delay"], act).watch(engine)
    try:
        WAYS[order["way"]](engine, client, order["years"], options(order["in_flight"]))
    except _TerminatedError:
        say(number, "stopped")
    except (RetryableError, PausedError) as error:
        say(number, f"failed {error}")
    except Exception as error:  # noqa: BLE001 - told to the process that waits for it
        say(number, f"broken {type(error).__name__}: {error}")
    else:
        say(number, "done")


def _raise(_signal: int, _frame: FrameType | None) -> None:
    raise _TerminatedError


def _fork(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    os.close(0)
    faulthandler.dump_traceback_later(_HANGS_AFTER)
    try:
        sync(order)
    finally:
        os._exit(0)


def _reap(children: dict[int, int]) -> None:
    for pid, number in list(children.items()):
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            del children[pid]
            say(number, f"ended {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    with open(os.devnull, "w", encoding="utf-8") as nothing:  # noqa: PTH123 - not a file of ours
        configure_logging("error", stream=nothing)
        serve()
