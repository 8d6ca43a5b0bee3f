"""What every request of the API passes: the token, the limits, the faults on order; and the headers of every answer."""

import asyncio
import secrets
import sqlite3
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response

from babynames_assets.emulators.hubspot.calls import Call, Handler
from babynames_assets.emulators.hubspot.clock import Clock
from babynames_assets.emulators.hubspot.faults.schedule import Faults
from babynames_assets.emulators.hubspot.latency import Latencies
from babynames_assets.emulators.hubspot.limits import DailyCounter, RollingWindow
from babynames_assets.emulators.hubspot.replies import (
    ApiError,
    Ending,
    Reply,
    burst_limited,
    daily_limited,
    search_limited,
    unauthorized,
)
from babynames_assets.emulators.hubspot.statistics import Statistics
from babynames_assets.emulators.hubspot.store import Store
from babynames_assets.emulators.hubspot.wire import as_response

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass
class Gate:
    """Stands before the handlers.

    Attributes:
        store: the account.
        token: the bearer token that it lets pass.
        burst: the limit on ten seconds; search does not count.
        search: the limit on search.
        daily: the limit on a day; without one, as for OAuth apps, no answer speaks of days.
        faults: the bad days on order.
        statistics: counts what passes.
        latencies: how long each answer takes.
        clock: seconds since 1970.
    """

    store: Store
    token: str
    burst: RollingWindow
    search: RollingWindow
    daily: DailyCounter
    faults: Faults
    statistics: Statistics
    latencies: Latencies
    clock: Clock

    def before(self, handler: Handler, path: str = "", *, is_search: bool = False) -> Endpoint:
        """The handler behind this gate, as an endpoint.

        Args:
            handler: answers.
            path: the route, under which its requests are counted; empty: each under its own path.
            is_search: it has a limit of its own, and spends nothing of the other.
        """

        async def endpoint(request: Request) -> Response:
            # HubSpot counts a request when it arrives, so nothing may be waited for before this.
            self.statistics.arrived(f"{request.method} {path or request.url.path}", self.clock(), is_search=is_search)
            try:
                refusal = self._refusal(request, is_search=is_search)
                reply = self._reply(request, await request.body(), handler, refusal)
                headers = {**self._limit_headers(is_search=is_search), **reply.headers}
                self.statistics.answered(reply)
                await asyncio.sleep(self.latencies.draw() + (0 if reply.ending is Ending.DRIPPING else reply.delay))
                return as_response(replace(reply, headers=headers))
            finally:
                self.statistics.left()

        return endpoint

    def clear(self) -> None:
        """A new account, on a good day."""
        for part in (self.clock, self.faults, self.statistics, self.burst, self.search, self.daily, self.store):
            part.clear()

    def _refusal(self, request: Request, *, is_search: bool) -> ApiError | None:
        given = request.headers.get("authorization", "")
        if not secrets.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            return unauthorized()
        name, window, limited = (
            ("search", self.search, search_limited) if is_search else ("burst", self.burst, burst_limited)
        )
        if not window.admit():
            self.statistics.violated(name)
            return limited()
        if not self.daily.admit():
            self.statistics.violated("daily")
            return daily_limited()
        return None

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

    def _limit_headers(self, *, is_search: bool) -> dict[str, str]:
        return {**self.daily.headers(), **({} if is_search else self.burst.headers())}
