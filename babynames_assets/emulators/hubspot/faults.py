"""Bad days on order: what the next matching requests answer instead of, or after, doing what they ask.

A script is a list of faults, for example::

    [{"kind": "status", "status": 503, "path": "/batch/upsert", "times": 2},
     {"kind": "conflict", "contains": "1984-F-Mary", "times": 1000}]
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from babynames_assets.emulators.hubspot.replies import (
    ApiError,
    Reply,
    burst_limited,
    daily_limited,
    missing_scopes,
    search_limited,
    unauthorized,
)

PAGE = "<html><head><title>{status}</title></head><body><h1>Error {status}</h1><p>cloudflare</p></body></html>"

REFUSALS: dict[str, Callable[[], ApiError]] = {
    "burst": burst_limited,
    "secondly": search_limited,
    "daily": daily_limited,
    "unauthorized": unauthorized,
    "missing_scopes": lambda: missing_scopes("crm.objects.contacts.write"),
    "conflict": lambda: ApiError(409, "Contact already exists. Existing ID: 6001", "CONFLICT"),
    "locked": lambda: ApiError(423, "Resource is locked. Please try again later.", "LOCKED"),
    "not_found": lambda: ApiError(404, "resource not found", "OBJECT_NOT_FOUND"),
}
OTHERS = ("status", "apply_then_status", "page", "drop", "cut", "apply_then_cut")


@dataclass(frozen=True)
class Fault:
    """One entry of a script.

    Attributes:
        kind: a name in REFUSALS or OTHERS.
        path: part of the paths that it concerns; empty: all.
        contains: text that the request's body must hold; empty: any.
        skip: matching requests that pass before it begins.
        times: requests that it then strikes.
        status: of the kinds that answer with one.
        retry_after: a Retry-After header to send.
        count: results that ``drop`` leaves out.
    """

    kind: str
    path: str = ""
    contains: str = ""
    skip: int = 0
    times: int = 1
    status: int = 503
    retry_after: str | None = None
    count: int = 1

    def __post_init__(self) -> None:
        if self.kind not in REFUSALS and self.kind not in OTHERS:
            raise ValueError(f"No fault is called {self.kind!r}; there are {', '.join((*REFUSALS, *OTHERS))}.")

    def strike(self, handle: Callable[[], Reply]) -> Reply:
        """Answer a request.

        Args:
            handle: does what the request asks, and answers truly.
        """
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        if self.kind in REFUSALS:
            error = REFUSALS[self.kind]()
            error.headers = headers
            raise error
        return replace(self._reply(handle), headers=headers)

    def _reply(self, handle: Callable[[], Reply]) -> Reply:
        if self.kind in ("apply_then_status", "apply_then_cut", "drop"):
            done = handle()
            if self.kind == "drop":
                return self._without_results(done)
        if self.kind.endswith("cut"):
            return Reply(200, PAGE, is_cut=True)
        if self.kind == "page":
            return Reply(200, PAGE.format(status=200))
        return Reply(self.status, PAGE.format(status=self.status))

    def _without_results(self, reply: Reply) -> Reply:
        if not isinstance(reply.content, dict):
            return reply
        return replace(reply, content={**reply.content, "results": reply.content.get("results", [])[self.count :]})


class Faults:
    """The script, as far as it has not been played."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def script(self, entries: list[dict[str, Any]]) -> None:
        """Add faults to the script.

        Raises:
            ValueError: an entry is of an unknown kind.
            TypeError: an entry has an unknown field.
        """
        self._waiting.extend([Fault(**entry) for entry in entries])

    def clear(self) -> None:
        """Have good days again."""
        self._waiting.clear()

    def take(self, path: str, body: bytes) -> Fault | None:
        """The fault that strikes this request, if one does."""
        for place, fault in enumerate(self._waiting):
            if fault.path not in path or fault.contains.encode() not in body:
                continue
            if fault.skip:
                self._waiting[place] = replace(fault, skip=fault.skip - 1)
                continue
            if fault.times > 1:
                self._waiting[place] = replace(fault, times=fault.times - 1)
            else:
                del self._waiting[place]
            return fault
        return None
