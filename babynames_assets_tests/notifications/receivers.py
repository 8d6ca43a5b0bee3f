"""Real servers that receive messages: HTTP with answers in order, SMTP by aiosmtpd; both also with TLS."""

import asyncio
import ssl
import threading
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Answer:
    """What a receiver says, and after how many seconds."""

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0


@dataclass(frozen=True)
class Received:
    """A request that came."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Receiver(ThreadingHTTPServer):
    """Takes requests, and gives the answers in their order; the last one for ever."""

    daemon_threads = True

    def __init__(self, answers: Sequence[Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.requests, self._lock = list(answers), list[Received](), threading.Lock()
        self.scheme = "http"

    @property
    def url(self) -> str:
        """Its address, with a path that is a secret."""
        return f"{self.scheme}://localhost:{self.server_address[1]}/services/s3cr3t-path"

    def answer_to(self, request: Received) -> Answer:
        """Keep a request, and say what is answered."""
        with self._lock:
            self.requests.append(request)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gives up is no trouble here."""


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answer_to(Received(self.command, self.path, headers, body))
        time.sleep(answer.delay)
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST

    def log_message(self, *_arguments: Any) -> None:
        """Nothing is printed."""


@contextmanager
def receiving(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver."""
    with Receiver(answers or (Answer(),)) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
            server.scheme = "https"
        thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@dataclass
class MailBox:
    """Takes e-mails at a port; the words of a refusal, if there are any, in place of taking them."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    at_the_end: str | None = None
    delay: float = 0.0
    gate: threading.Event | None = None

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        """Take a receiver, or refuse it."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Take an e-mail, or refuse it."""
        await asyncio.sleep(self.delay)
        while self.gate and not self.gate.is_set():
            await asyncio.sleep(0.01)
        if self.at_the_end:
            return self.at_the_end
        content = envelope.original_content or b""
        self.mails.append(message_from_bytes(content, policy=policy.default))
        assert server.transport
        self.was_encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        return "250 taken"


@contextmanager
def mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None
) -> Iterator[MailBox]:
    """Run a mail server; with a login it takes nothing without it."""
    box, loop = MailBox(), asyncio.new_event_loop()

    def is_right(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        given = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode())
        return AuthResult(success=given == login, handled=False)

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            # Where TLS comes before SMTP, aiosmtpd does not see it, and warns of a login in the clear.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                box,
                hostname="mail.test",
                tls_context=starttls,
                require_starttls=starttls is not None,
                auth_required=login is not None,
                auth_require_tls=starttls is not None,
                authenticator=is_right,
                loop=loop,
            )

    server = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0, ssl=tls))
    box.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield box
    finally:
        asyncio.run_coroutine_threadsafe(_end(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(server: asyncio.Server) -> None:
    server.close()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
