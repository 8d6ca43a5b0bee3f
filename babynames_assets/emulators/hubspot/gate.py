"""What every request of the API passes: the token, the limits, the faults on order; and the headers of every answer."""

import asyncio
import json
import sqlite3
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from babynames_assets.emulators.hubspot.calls import Call, Handler
from babynames_assets.emulators.hubspot.faults import Faults
from babynames_assets.emulators.hubspot.limits import DailyCounter, RollingWindow
from babynames_assets.emulators.hubspot.replies import (
    ApiError,
    Reply,
    burst_limited,
    daily_limited,
    search_limited,
)
from babynames_assets.emulators.hubspot.statistics import Statistics
from babynames_assets.emulators.hubspot.store import Store
from babynames_assets.emulators.hubspot.tokens import Tokens

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass
class Gate:
    """Stands before the handlers.

    Attributes:
        store: the account.
        tokens: the bearer tokens that it lets pass.
        burst: the limit on ten seconds; search does not count.
        search: the limit on search.
        daily: the limit on a day; without one, as for OAuth apps, no answer speaks of days.
        faults: the script of bad days.
        statistics: counts what passes.
        latency: seconds that each answer takes.
        clock: seconds since 1970.
    """

    store: Store
    tokens: Tokens
    burst: RollingWindow
    search: RollingWindow
    daily: DailyCounter
    faults: Faults
    statistics: Statistics
    latency: float
    clock: Callable[[], float]

    def before(self, handler: Handler, *, is_search: bool = False, is_open: bool = False) -> Endpoint:
        """The handler behind this gate, as an endpoint.

        Args:
            handler: answers.
            is_search: it has a limit of its own, and spends nothing of the other.
            is_open: it asks for no token, and has no limit.
        """

        async def endpoint(request: Request) -> Response:
            self.statistics.arrived(request.method, request.url.path)
            raw = await request.body()
            reply = self._reply(request, raw, handler, is_search=is_search, is_open=is_open)
            self.statistics.answered(reply.status)
            if self.latency:
                await asyncio.sleep(self.latency)
            return _response(reply)

        return endpoint

    def _reply(self, request: Request, raw: bytes, handler: Handler, *, is_search: bool, is_open: bool) -> Reply:
        correlation_id = str(uuid.uuid4())
        try:
            if not is_open:
                self._admit(request, is_search=is_search)
            reply = self._answer(request, raw, handler)
        except ApiError as error:
            reply = error.reply(correlation_id)
        except sqlite3.Error as error:
            # The state file's disk is full or gone. Said in the answer, so that the client's connection outlives it.
            reply = ApiError(500, f"The emulator's state cannot be used: {error}").reply(correlation_id)
        limits = {} if is_open else self._limit_headers(is_search=is_search)
        common = {"x-hubspot-correlation-id": correlation_id, **limits}
        return Reply(reply.status, reply.content, {**common, **reply.headers}, reply.is_cut)

    def _admit(self, request: Request, *, is_search: bool) -> None:
        if refusal := self.tokens.refusal(request.headers.get("authorization", "")):
            raise refusal
        window, limited = (self.search, search_limited) if is_search else (self.burst, burst_limited)
        if not window.admit():
            self.statistics.violated()
            raise limited()
        if not self.daily.admit():
            self.statistics.violated()
            raise daily_limited()

    def _answer(self, request: Request, raw: bytes, handler: Handler) -> Reply:
        call = Call(self.store, request.path_params, request.query_params, raw, request.url.netloc, self.clock())
        fault = self.faults.take(request.url.path, raw)
        if fault is None:
            return handler(call)
        return fault.strike(lambda: handler(call))

    def _limit_headers(self, *, is_search: bool) -> dict[str, str]:
        headers = {}
        if self.daily.limit is not None:
            headers["x-hubspot-ratelimit-daily"] = str(self.daily.limit)
            headers["x-hubspot-ratelimit-daily-remaining"] = str(self.daily.remaining)
        if not is_search:
            headers["x-hubspot-ratelimit-interval-milliseconds"] = "10000"
            headers["x-hubspot-ratelimit-max"] = str(self.burst.limit)
            headers["x-hubspot-ratelimit-remaining"] = str(self.burst.remaining)
            headers["x-hubspot-ratelimit-secondly"] = str(self.burst.limit // 10)
            headers["x-hubspot-ratelimit-secondly-remaining"] = str(self.burst.limit // 10)
        return headers


def _response(reply: Reply) -> Response:
    if reply.is_cut:
        return _CutResponse(reply.content, reply.status, reply.headers)
    if reply.content is None:
        return Response(status_code=reply.status, headers=reply.headers)
    if isinstance(reply.content, str):
        return Response(reply.content, reply.status, reply.headers, media_type="text/html")
    body = json.dumps(reply.content, separators=(",", ":"))
    return Response(body, reply.status, {**reply.headers, "content-type": "application/json;charset=utf-8"})


class _CutResponse(Response):
    """Promises a body, sends half of it and leaves; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - Starlette's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
