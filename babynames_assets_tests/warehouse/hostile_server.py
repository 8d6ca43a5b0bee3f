"""A server that speaks just enough of MySQL's protocol to ask a client for one of its files."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CAPABILITIES = 0x0008A2FF  # protocol 4.1, secure connection, plugin authentication, local files; no TLS
_OK = b"\x00\x00\x00\x02\x00\x00\x00"
_COLUMN = b"\x03def\x00\x00\x00\x01a\x01a\x0c\x2d\x00\x10\x00\x00\x00\xfd\x00\x00\x00\x00\x00"
_END_OF_PART = b"\xfe\x00\x00\x02\x00"
_LOCAL_INFILE = b"\xfb"


class HostileServer:
    """Asks for a file in answer to a client's first statement of a kind; before it, behaves.

    Attributes:
        port: where it listens.
        received: what clients have sent of the file.
    """

    def __init__(self, wanted: str, at: bytes) -> None:
        """Listen on a free port of the loopback interface.

        Args:
            wanted: the file to ask for.
            at: what the statement begins with.
        """
        self._wanted, self._at = wanted.encode(), at
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.received = b""

    def serve(self) -> None:
        """Answer one client after another until the socket is closed."""
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                with client, suppress(OSError, EOFError):
                    self._ask(client)

    def close(self) -> None:
        """Stop."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _ask(self, client: socket.socket) -> None:
        _send(client, 0, _greeting())
        _receive(client)
        _send(client, 2, _OK)
        while not (statement := _receive(client)[1:]).startswith(self._at):
            _answer(client, statement)
        _send(client, 1, _LOCAL_INFILE + self._wanted)
        while piece := _receive(client):
            self.received += piece


@contextmanager
def hostile_server(wanted: str, at: bytes) -> Iterator[HostileServer]:
    """A running one."""
    server = HostileServer(wanted, at)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()


def _greeting() -> bytes:
    capabilities = struct.pack("<I", _CAPABILITIES)
    return (
        b"\x0a8.0.0-hostile\x00"
        + struct.pack("<I", 1)
        + b"12345678\x00"
        + capabilities[:2]
        + b"\x2d\x02\x00"
        + capabilities[2:]
        + b"\x15"
        + bytes(10)
        + b"123456789012\x00"
        + b"mysql_native_password\x00"
    )


def _answer(client: socket.socket, statement: bytes) -> None:
    """What SQLAlchemy asks of a new connection, as one row of one column; anything else succeeds."""
    if not statement.startswith(b"SELECT"):
        _send(client, 1, _OK)
        return
    known = {b"VERSION": b"8.0.0", b"isolation": b"REPEATABLE-READ", b"sql_mode": b"STRICT_ALL_TABLES"}
    value = next((answer for word, answer in known.items() if word in statement), b"1")
    rows = [b"\x01", _COLUMN, _END_OF_PART, bytes([len(value)]) + value, _END_OF_PART]
    for number, packet in enumerate(rows, start=1):
        _send(client, number, packet)


def _send(client: socket.socket, number: int, payload: bytes) -> None:
    client.sendall(struct.pack("<I", len(payload))[:3] + bytes([number]) + payload)


def _receive(client: socket.socket) -> bytes:
    header = _exactly(client, 4)
    return _exactly(client, int.from_bytes(header[:3], "little"))


def _exactly(client: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        piece = client.recv(length - len(received))
        if not piece:
            raise EOFError
        received += piece
    return received
