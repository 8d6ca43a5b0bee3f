"""Tests of how an emulator starts and ends."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from babynames_assets.emulators.serving import running, serve
from babynames_assets.errors import FatalError

PROGRAM = """
from starlette.applications import Starlette
from babynames_assets.emulators.serving import serve
serve(Starlette(), port=0, announce=lambda url: print(url, flush=True), stop_with_stdin={stop_with_stdin})
print("ended", flush=True)
"""


def _app() -> Starlette:
    async def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    return Starlette(routes=[Route("/", hello)])


@contextmanager
def _process(*, stop_with_stdin: bool) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(stop_with_stdin=stop_with_stdin)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _rest(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.read().strip()


def test_a_running_application_answers_until_the_context_closes() -> None:
    """The URL answers inside the context, and nothing listens there after it."""
    with running(_app()) as url:
        answer = requests.get(url, timeout=5).text

    assert answer == "hello"
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_two_applications_run_side_by_side_on_ports_of_their_own() -> None:
    """Port 0 takes a free port each time."""
    with running(_app()) as one, running(_app()) as other:
        assert one != other
        assert requests.get(one, timeout=5).text == requests.get(other, timeout=5).text


def test_a_taken_port_is_named_in_the_error() -> None:
    """The message says which port is taken and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(FatalError, match=f"Port {port} of 127.0.0.1 cannot be opened.*another port"):
            serve(_app(), port=port, announce=print, stop_with_stdin=False)


def test_an_application_that_cannot_start_is_an_error_and_not_a_hang() -> None:
    """A failure in the application's own start ends the wait for it."""

    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": f"{scope['type']}.startup.failed", "message": "no"})

    with pytest.raises(FatalError, match="ended while it was starting"), running(fail):
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order(number: signal.Signals) -> None:
    """After SIGTERM or SIGINT serve returns, and the process exits with 0."""
    with _process(stop_with_stdin=False) as process:
        url = _first_line(process)
        assert requests.get(url, timeout=5).status_code == 404

        process.send_signal(number)

        assert _rest(process) == "ended"
        assert process.wait(timeout=10) == 0


def test_the_end_of_standard_input_ends_the_process() -> None:
    """A process that was started with a pipe ends when the pipe is closed, as it is when its starter dies."""
    with _process(stop_with_stdin=True) as process:
        url = _first_line(process)
        assert process.stdin is not None
        process.stdin.write("what is written is ignored\n")
        process.stdin.flush()
        assert requests.get(url, timeout=5).status_code == 404

        process.stdin.close()

        assert _rest(process) == "ended"
        assert process.wait(timeout=10) == 0


def test_a_closed_standard_input_is_ignored_unless_asked() -> None:
    """Without stop_with_stdin the process goes on."""
    with _process(stop_with_stdin=False) as process:
        url = _first_line(process)
        assert process.stdin is not None

        process.stdin.close()

        assert requests.get(url, timeout=5).status_code == 404
        assert process.poll() is None
