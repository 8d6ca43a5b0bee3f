"""Runs one server for as long as the process that asked for it lives, even if that one is killed.

Started as a process of its own with a pipe as standard input. When the pipe closes, for whatever reason, the server is
stopped and its data folder removed. A process killed with SIGKILL cannot tidy up; its closing pipes can still be heard.
"""

import shutil
import subprocess
import sys
import threading
from pathlib import Path

STOP_SECONDS = 20


def main() -> None:
    """Arguments: the data folder, the log file, then the server's command line."""
    folder, log, *command = sys.argv[1:]
    try:
        with Path(log).open("wb") as output:
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        print(server.pid, flush=True)
        threading.Thread(target=_stop_when_alone, args=(server,), daemon=True).start()
        server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _stop_when_alone(server: "subprocess.Popen[bytes]") -> None:
    sys.stdin.read()
    server.terminate()
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()


if __name__ == "__main__":
    main()
