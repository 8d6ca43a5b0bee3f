"""What every request of the API passes: the token, the limits, the faults on order; and the headers of every answer."""

import asyncio
import sqlite3
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from babynames_assets.emulators.hubspot.calls import Call, Handler
from babynames_assets.emulators.hubspot.clock import Clock
from babynames_assets.emulators.hubspot.faults.schedule import Faults
from babynames_assets.emulators.hubspot.latency import Latencies
from babynames_assets.emulators.hubspot.limits import LIMIT_PREFIX, LIMITED, Lane, Limits
from babynames_assets.emulators.hubspot.replies import (
    ApiError,
    Ending,
    Reply,
)
from babynames_assets.emulators.hubspot.statistics import Statistics
from babynames_assets.emulators.hubspot.store import Store
from babynames_assets.emulators.hubspot.tokens import Tokens
from babynames_assets.emulators.hubspot.wire import as_response

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass
class Gate:
    """Stands before the handlers.

    Attributes:
        store: the account.
        tokens: the bearer tokens that it lets pass.
        limits: how many requests it lets pass.
        faults: the bad days on order.
        statistics: counts what passes.
        latencies: how long each answer takes.
        clock: seconds since 1970.
    """

    store: Store
    tokens: Tokens
    limits: Limits
    faults: Faults
    statistics: Statistics
    latencies: Latencies
    clock: Clock

    def before(self, handler: Handler, path: str = "", *, is_search: bool = False, is_open: bool = False) -> Endpoint:
        """The handler behind this gate, as an endpoint.

        Args:
            handler: answers.
            path: the route, under which its requests are counted; empty: each under its own path.
            is_search: it has a limit of its own, and spends nothing of the other.
            is_open: it asks for no token, and has no limit.
        """
        lane = Lane.OPEN if is_open else Lane.SEARCH if is_search else Lane.API

        async def endpoint(request: Request) -> Response:
            # HubSpot counts a request when it arrives, so nothing may be waited for before this.
            self.statistics.arrived(f"{request.method} {path or request.url.path}", self.clock(), lane)
            try:
                refusal = self._refusal(request, lane)
                reply = self._reply(request, await request.body(), handler, refusal)
                self.statistics.answered(reply)
                dripping = reply.ending is Ending.DRIPPING
                await asyncio.sleep(self.latencies.draw() + (0 if dripping else reply.delay))
                return as_response(replace(reply, headers=self._headers(reply, lane)))
            except ClientDisconnect:
                # It died in the middle of its request: nobody hears an answer.
                return Response(status_code=400)
            finally:
                self.statistics.left()

        return endpoint

    def clear(self) -> None:
        """Make it a new account, on a good day."""
        for part in (self.clock, self.faults, self.statistics, self.limits, self.tokens, self.store):
            part.clear()

    def _refusal(self, request: Request, lane: Lane) -> ApiError | None:
        if lane is Lane.OPEN:
            return None
        if refusal := self.tokens.refusal(request.headers.get("authorization", "")):
            return refusal
        broken = self.limits.broken_by(lane)
        if broken is None:
            return None
        self.statistics.violated(broken)
        return LIMITED[broken]()

    def _headers(self, reply: Reply, lane: Lane) -> dict[str, str | None]:
        told = {**self.limits.headers(lane), **reply.headers}
        if lane is Lane.OPEN:
            return {name: value for name, value in told.items() if not name.startswith(LIMIT_PREFIX)}
        return told

    def _reply(self, request: Request, raw: bytes, handler: Handler, refusal: ApiError | None) -> Reply:
        correlation_id = str(uuid.uuid4())
        try:
            if refusal:
                raise refusal
            reply = self._answer(request, raw, handler)
        except ApiError as error:
            reply = error.reply(correlation_id)
        except sqlite3.Error as error:
            # The state file's disk is full or gone. Said in the answer, so that the client's connection outlives it.
            reply = ApiError(500, f"The emulator's state cannot be used: {error}").reply(correlation_id)
        return replace(reply, headers={"x-hubspot-correlation-id": correlation_id, **reply.headers})

    def _answer(self, request: Request, raw: bytes, handler: Handler) -> Reply:
        path, now = request.url.path, self.clock()
        call = Call(
            store=self.store,
            rules=self.faults.rules,
            counts=self.statistics.contacts,
            endpoint=path.rpartition("/")[2],
            params=request.path_params,
            query=request.query_params,
            raw=raw,
            host=request.url.netloc,
            now=now,
        )
        fault = self.faults.take(path, raw, now)
        with self.store.writing():
            if fault is None:
                return handler(call)
            self.statistics.injected(fault.fault.kind)
            return fault.answer(call, handler)
