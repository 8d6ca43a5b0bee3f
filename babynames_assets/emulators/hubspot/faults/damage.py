"""Faults that damage an answer or its way: pages for JSON, cut connections, results that are missing."""

from dataclasses import replace
from typing import Any

from pydantic_core import to_json

from babynames_assets.emulators.hubspot import rendering
from babynames_assets.emulators.hubspot.faults.struck import Kind, Strike, Struck
from babynames_assets.emulators.hubspot.replies import Ending, Reply

_TITLES = {
    200: "Sign in to this network",
    500: "Internal server error",
    502: "Bad gateway",
    503: "Service temporarily unavailable",
    504: "Gateway time-out",
    520: "Web server is returning an unknown error",
    521: "Web server is down",
    522: "Connection timed out",
    523: "Origin is unreachable",
    524: "A timeout occurred",
    525: "SSL handshake failed",
    526: "Invalid SSL certificate",
}
_PAGE = (
    "<!DOCTYPE html><html><head><title>api.hubapi.com | {status}: {title}</title></head><body><h1>{title}</h1>"
    "<p>Error code {status}</p><p>Performance and security by Cloudflare</p></body></html>"
)


def page(status: int) -> str:
    """The page that the servers in front of HubSpot show."""
    return _PAGE.format(status=status, title=_TITLES.get(status, "Error"))


def _before(reply: Reply) -> Strike:
    """Answer so, and do nothing of what was asked."""
    return lambda _struck: reply


def _status(struck: Struck) -> Reply:
    return Reply(struck.fault.status, page(struck.fault.status))


def _apply_then_status(struck: Struck) -> Reply:
    struck.handle(struck.call)
    return _status(struck)


def _apply_then(ending: Ending) -> Strike:
    return lambda struck: replace(struck.handle(struck.call), ending=ending)


def _empty(struck: Struck) -> Reply:
    return Reply(200, rendering.batch([], struck.call.now, struck.call.now))


def _drop(struck: Struck) -> Reply:
    reply = struck.handle(struck.call)
    if not isinstance(reply.content, dict):
        return reply
    return replace(reply, content={**reply.content, "results": struck.spared(reply.content.get("results", []))})


def _pass_over(struck: Struck) -> Reply:
    if not (inputs := struck.inputs()):
        return struck.handle(struck.call)
    content = {**struck.call.body, "inputs": struck.spared(inputs)}
    return struck.handle(replace(struck.call, raw=to_json(content)))


def _untraced(struck: Struck) -> Reply:
    reply = struck.handle(struck.call)
    if not isinstance(reply.content, dict):
        return reply
    content = {
        name: [_without_trace(one) for one in value] if name in ("results", "errors") else value
        for name, value in reply.content.items()
    }
    return replace(reply, content=content)


def _without_trace(record: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in ("context", "objectWriteTraceId")}


def _answering(strike: Strike) -> Strike:
    def answer(struck: Struck) -> Reply:
        reply = strike(struck)
        return replace(reply, headers={**reply.headers, **struck.headers()}, delay=struck.delay())

    return answer


_PORTAL = Reply(200, page(200))
_CUT = Reply(200, page(200), ending=Ending.CUT)
_RESET = Reply(200, ending=Ending.RESET)

_STRIKES: dict[str, tuple[str, Strike]] = {
    "status": ("any `status` with a page of HTML, nothing done", _status),
    "apply_then_status": ("the same, but the work was done", _apply_then_status),
    "page": ("200 with a page of HTML, nothing done", _before(_PORTAL)),
    "cut": ("the connection ends in the middle of an answer, nothing done", _before(_CUT)),
    "apply_then_cut": ("the same, but the work was done", _apply_then(Ending.CUT)),
    "reset": ("the connection ends without any answer, nothing done", _before(_RESET)),
    "apply_then_reset": ("the same, but the work was done", _apply_then(Ending.RESET)),
    "truncated": ("half of the JSON as if it were all; the work was done", _apply_then(Ending.TRUNCATED)),
    "empty": ("200 without results and without errors, nothing done", _empty),
    "blank": ("200 without a body, nothing done", _before(Reply(200))),
    "drop": ("`count` results or a `share` of them are missing in the answer; the work was done", _drop),
    "pass_over": ("`count` inputs or a `share` of them are passed over: not written, not in the answer", _pass_over),
    "untraced": ("no trace ids in the answer, neither in results nor in errors", _untraced),
}
_SLOW: dict[str, tuple[str, Strike]] = {
    "slow": ("the true answer after `delay` seconds", lambda struck: struck.handle(struck.call)),
    "drip": ("the true answer in small pieces over `delay` seconds", _apply_then(Ending.DRIPPING)),
}

DAMAGE = {name: Kind(about, _answering(strike)) for name, (about, strike) in _STRIKES.items()} | {
    name: Kind(about, _answering(strike), ("delay",)) for name, (about, strike) in _SLOW.items()
}
