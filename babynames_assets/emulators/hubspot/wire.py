"""Replies on the wire: whole, cut short, or drop by drop."""

import asyncio

from pydantic_core import to_json
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from babynames_assets.emulators.hubspot.replies import Ending, Reply
from babynames_assets.emulators.serving import HANG_UP

PIECES = 10


def as_response(reply: Reply) -> Response:
    """The reply as a web server sends it."""
    body, headers = _body(reply.content), {name: value for name, value in reply.headers.items() if value is not None}
    if isinstance(reply.content, str):
        headers["content-type"] = "text/html; charset=utf-8"
    elif body:
        headers["content-type"] = "application/json;charset=utf-8"
    match reply.ending:
        case Ending.CUT:
            return _CutResponse(body, reply.status, headers)
        case Ending.RESET:
            return _NoResponse()
        case Ending.TRUNCATED:
            return Response(body[: len(body) // 2], reply.status, headers)
        case Ending.DRIPPING:
            return _DrippingResponse(body, reply.status, headers, reply.delay)
        case Ending.WHOLE:
            return Response(body, reply.status, headers)


def _body(content: object) -> bytes:
    if content is None:
        return b""
    return content.encode() if isinstance(content, str) else to_json(content)


class _CutResponse(Response):
    """Promises a body, sends half of it and hangs up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # An answer without a body is cut in a byte that it never had.
        promised = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        promised.append((b"content-length", str(len(self.body) + 1).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": promised})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
        await _hang_up(scope, receive, "after_sending")


class _NoResponse(Response):
    """Hangs up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - Starlette's signature
        await _hang_up(scope, receive, "now")


class _DrippingResponse(Response):
    """Sends its body in pieces, evenly over a time."""

    def __init__(self, body: bytes, status: int, headers: dict[str, str], seconds: float) -> None:
        super().__init__(body, status, headers)
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - Starlette's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        size = len(self.body) // PIECES + 1
        for start in range(0, len(self.body), size):
            await asyncio.sleep(self._seconds / PIECES)
            await send({"type": "http.response.body", "body": self.body[start : start + size], "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _hang_up(scope: Scope, receive: Receive, when: str) -> None:
    scope["extensions"][HANG_UP][when]()
    # Says that the client is gone; before that the server would answer for a request that it finds without an answer.
    await receive()
