"""A server that repeats what it was sent, headers and body, in whatever it answers, as careless proxies do."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Careless:
    """What it answers, and what came.

    Attributes:
        url: its address.
        status: of every answer.
        template: the body; ``{}`` stands for the request.
        headers: more of every answer.
        seen: body and headers of each request.
    """

    url: str = ""
    status: int = 200
    template: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, Message]] = field(default_factory=list)


@contextmanager
def careless_server() -> Iterator[Careless]:
    """Run one while the context is open."""
    careless = Careless()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            careless.seen.append((sent, self.headers))
            repeated = f"{sent} {self.headers.get('authorization', '')}".strip()
            body = careless.template.replace("{}", repeated).encode()
            self.send_response(careless.status)
            self.send_header("content-length", str(len(body)))
            for name, value in careless.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def __getattr__(self, name: str) -> Callable[[], None]:
            if name not in ("do_GET", "do_POST", "do_PATCH"):
                raise AttributeError(name)
            return self.answer

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    careless.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield careless
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
