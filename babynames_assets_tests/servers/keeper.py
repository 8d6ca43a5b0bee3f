"""Stands between a test run and its database server, so that neither process nor folder outlives the run.

Run as a script with nothing but the standard library. It starts the commands it is given, one after another, and
holds a pipe from the test run as standard input. When that closes, be it by the end of the run, by Ctrl-C or by
kill -9, the server is stopped and its folder removed. Until then the pipe may ask for a crash of the server, and for
another start.
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

KILL = b"k"
"""On standard input: end the server as a crash would, with SIGKILL."""

START = b"s"
"""On standard input: run the command that has ended again, on the same folder."""

_CLOSED = b""
_STOP_SECONDS = 20


def keep(folder: Path, steps: list[dict[str, str | list[str]]]) -> None:
    """Run the steps, the last of which is the server, until standard input closes; then remove the folder.

    Args:
        folder: removed at the end. The commands write to ``log`` in it; one that ends by itself with an error, or
            the server that ends at all, leaves its exit code in ``ended``, which whoever asks for a start removes.
        steps: ``command``, and ``input`` with the path of a file that it reads, or an empty text.
    """
    try:
        for step in steps:
            while (code := _run(folder, step)) is not None and (code or step is steps[-1]):
                (folder / "ended").write_text(str(code), encoding="utf-8")
                if _wait_for(START) == _CLOSED:
                    return
            if code is None:
                return
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, step: dict[str, str | list[str]]) -> int | None:
    """The exit code of a command; None when it was stopped because standard input closed."""
    source = Path(str(step["input"] or "/dev/null"))
    with (folder / "log").open("ab") as log, source.open("rb") as stream:
        process = subprocess.Popen(list(step["command"]), stdin=stream, stdout=log, stderr=log, cwd=folder)
    while process.poll() is None:
        if select.select([sys.stdin], [], [], 0.1)[0]:
            if _wait_for(KILL) == _CLOSED:
                _stop(process)
                return None
            process.kill()
            process.wait()
    return process.returncode


def _wait_for(request: bytes) -> bytes:
    """What comes first: this request, or the end of standard input; other requests make no sense now."""
    while (read := os.read(sys.stdin.fileno(), 1)) not in (request, _CLOSED):
        pass
    return read


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the pipe tells when it is over, not the terminal
    keep(Path(sys.argv[1]), json.loads(sys.argv[2]))
