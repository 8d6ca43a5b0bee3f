"""A connection that sends rows to ``LOAD DATA LOCAL INFILE`` from memory, and no file of this machine to anybody.

The protocol lets a server answer any statement with a request for a file of the client's, by name. This connection
gives out only what it offered itself, once, under a name that it made up; PyMySQL's own would open the named file.
"""

import secrets
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pymysql.connections
from pymysql.err import OperationalError

NOT_OFFERED = 2068
"""The client's own code for a file that may not be sent (CR_LOAD_DATA_LOCAL_INFILE_REJECTED)."""

_PACKET_BYTES = 64 * 2**10

# Any: the stubs lack what is private, and make generic what is not.
_Connection: Any = pymysql.connections.Connection
_MySQLResult: Any = pymysql.connections.MySQLResult


class LocalFileConnection(_Connection):  # type: ignore[misc]
    """PyMySQL's connection, with files in memory instead of on the disk."""

    _offered: tuple[str, memoryview] | None = None

    def server_takes_files(self) -> bool:
        """Whether the server allows ``LOAD DATA LOCAL INFILE``."""
        with self.cursor() as cursor:
            cursor.execute("SELECT @@local_infile")
            return bool(cursor.fetchone() == (1,))

    def has_warnings(self) -> bool:
        """Whether the server had a warning for the last statement."""
        return bool(self._result and self._result.warning_count)

    @contextmanager
    def offering(self, content: bytes | memoryview) -> Iterator[str]:
        """Offer a file while the block runs; gives the name under which a statement may ask for it."""
        name = f"babynames-{secrets.token_hex(16)}"
        self._offered = (name, memoryview(content))
        try:
            yield name
        finally:
            self._offered = None

    def take_offered(self, name: str) -> memoryview | None:
        """The offered file, once; None when it is not this one."""
        offered, self._offered = self._offered, None
        return offered[1] if offered and offered[0] == name else None

    def _create_ssl_ctx(self, options: Any) -> ssl.SSLContext:
        # Where nobody is to be trusted, PyMySQL reads all authorities of the system first: 28 ms for each connection.
        context: ssl.SSLContext = super()._create_ssl_ctx(options) if options else _unverified()
        return context

    def _read_query_result(self, unbuffered: bool = False) -> int:
        # As in PyMySQL, but for the class of the result.
        self._result: Any = None
        result: Any = _Result(self)
        if unbuffered:
            result.init_unbuffered_query()
        else:
            result.read()
        self._result = result
        if result.server_status is not None:
            self.server_status = result.server_status
        return int(result.affected_rows)


@cache
def _unverified() -> ssl.SSLContext:
    """As PyMySQL's own without options: encrypted where the server can, whoever it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class _Result(_MySQLResult):  # type: ignore[misc]
    def _read_load_local_packet(self, first_packet: Any) -> None:
        connection: Any = self.connection
        name = first_packet.get_all_data()[1:].decode(errors="replace")
        content = connection.take_offered(name)
        for start in range(0, len(content or b""), _PACKET_BYTES):
            connection.write_packet(content[start : start + _PACKET_BYTES])
        connection.write_packet(b"")  # the end of the file
        if content is None:
            connection._force_close()  # noqa: SLF001 - no farewell to whom nothing is said any more
            raise OperationalError(NOT_OFFERED, f"the server asked for the file {name!r}, which was not offered")
        self._read_ok_packet(connection._read_packet())  # noqa: SLF001 - the protocol's next step, as in PyMySQL
