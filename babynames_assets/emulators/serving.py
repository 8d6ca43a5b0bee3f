"""Serves an ASGI application on the loopback interface: as a process of its own, or in a thread for tests.

An emulator is never reachable from another machine, and with ``stop_with_stdin`` it ends with the process that holds
the other end of its standard input, however that process ends.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from babynames_assets.errors import FatalError

HOST = "127.0.0.1"
SECONDS_TO_FINISH = 1
SECONDS_TO_KEEP_ALIVE = 120
"""A connection that is closed while its client takes it up again looks like a fault that nobody ordered."""

HANG_UP = "babynames.hang_up"
"""The extension of a request's scope that ends its connection: ``now``, or ``after_sending`` what was given to it."""


def serve(app: ASGIApp, *, port: int, announce: Callable[[str], None], stop_with_stdin: bool) -> None:
    """Serve until SIGTERM, SIGINT or, if asked, the end of standard input. Call it from the main thread.

    Args:
        app: the application.
        port: the port to listen on; 0 takes a free one.
        announce: called with the URL once connections are accepted.
        stop_with_stdin: end when standard input is closed.

    Raises:
        FatalError: the port is taken, or the application cannot start.
    """
    stop = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    previous = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        if stop_with_stdin:
            threading.Thread(target=_wait_for_end_of_stdin, args=(stop,), name="stdin", daemon=True).start()
        with running(app, port=port) as url:
            announce(url)
            stop.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def running(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """Serve in a thread while the context is open; yields the URL, without a slash at its end.

    Raises:
        FatalError: the port is taken, or the application cannot start.
    """
    with _listening_socket(port) as listener:
        server = _Server(app)
        thread = threading.Thread(target=server.run_on, args=(listener,), name="emulator", daemon=True)
        thread.start()
        server.settled.wait()
        if not server.started:
            raise FatalError("The application ended while it was starting; its own log says why.")
        try:
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


class _Protocol(HttpToolsProtocol):
    """uvicorn's HTTP, with a way to hang up."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {HANG_UP: {"now": self.transport.abort, "after_sending": self.transport.close}}


class _Server(uvicorn.Server):
    """A uvicorn server that says when it accepts connections, or that it never will."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_Protocol,
                log_config=None,
                log_level="error",
                access_log=False,
                ws="none",
                timeout_keep_alive=SECONDS_TO_KEEP_ALIVE,
                timeout_graceful_shutdown=SECONDS_TO_FINISH,
            )
        )
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            # How uvicorn says that the application's own start failed; in a thread nobody would hear it.
            self.should_exit = True
        self.settled.set()

    def run_on(self, listener: socket.socket) -> None:
        try:
            self.run(sockets=[listener])
        finally:
            self.settled.set()


def _listening_socket(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise FatalError(
            f"Port {port} of {HOST} cannot be opened ({error.strerror}). "
            "End the process that holds it, or choose another port (0 takes a free one)."
        ) from error
    return listener


def _wait_for_end_of_stdin(stop: threading.Event) -> None:
    # os.read, because a daemon thread inside sys.stdin's buffer holds its lock and aborts the interpreter at exit.
    descriptor = sys.stdin.fileno()
    while os.read(descriptor, 1024):
        pass
    stop.set()
