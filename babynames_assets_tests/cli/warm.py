"""The process that has imported what babynames imports, and forks for each command, whose time is mostly imports.

``python -m babynames_assets_tests.cli.warm``. A line of standard input is an order, as JSON: the arguments, the
environment, and the files for both outputs. The command then runs as ``python -m babynames_assets.cli`` would, in a
process of its own, with an empty standard input; a line of standard output tells its exit code. When standard input
closes, this process ends.
"""

import json
import os
import runpy
import sys
from typing import Any

from babynames_assets.startup import without_collecting

_COMMAND = "babynames_assets.cli"


def serve() -> None:
    """Run a command for each order, one after another; the process of a command leaves by the command's own exit."""
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _become(json.loads(line))
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _preload() -> None:
    """Import all that the command imports, but leave its own modules to it: they look at its environment."""
    runpy.run_module(f"{_COMMAND}.main")
    for name in [name for name in sys.modules if f"{name}.".startswith(f"{_COMMAND}.")]:
        del sys.modules[name]


def _become(order: dict[str, Any]) -> None:
    files = ((os.devnull, os.O_RDONLY), (order["out"], os.O_WRONLY), (order["err"], os.O_WRONLY))
    for number, (file, way) in enumerate(files):
        os.dup2(os.open(file, way), number)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv[1:] = order["arguments"]
    runpy.run_module(_COMMAND, run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    with without_collecting():
        _preload()
    serve()
