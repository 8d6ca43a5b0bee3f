"""Doors that the real HubSpot does not have: numbers, faults, time, a fresh start, all contacts; a page for people."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic_core import from_json, to_json
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from babynames_assets.emulators.hubspot import pages
from babynames_assets.emulators.hubspot.gate import Gate
from babynames_assets.emulators.hubspot.records import Contact

DUMP_SIZE = 10_000


def admin_routes(gate: Gate) -> list[Route]:
    """The routes, in front of those of the API."""
    doors: dict[tuple[str, str], Callable[[Gate, Request], Awaitable[Response]]] = {
        ("GET", "/_stats"): _stats,
        ("DELETE", "/_stats"): _count_anew,
        ("GET", "/_faults"): _faults,
        ("POST", "/_faults"): _order_faults,
        ("DELETE", "/_faults"): _end_faults,
        ("GET", "/_clock"): _clock,
        ("POST", "/_clock"): _put_clock_forward,
        ("POST", "/_reset"): _reset,
        ("GET", "/_contacts"): _contacts,
        ("GET", "/contacts/{portal:int}/objects/0-1/views/all/list"): _page,
    }
    return [Route(path, _bound(door, gate), methods=[method]) for (method, path), door in doors.items()]


def _bound(
    door: Callable[[Gate, Request], Awaitable[Response]], gate: Gate
) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        try:
            return await door(gate, request)
        except ValueError as error:
            return _json({"message": str(error)}, 400)

    return endpoint


async def _stats(gate: Gate, _request: Request) -> Response:
    account = {"contacts": gate.store.count(), "duplicates": gate.store.shared_values}
    return _json({**gate.statistics.as_json(), **account})


async def _count_anew(gate: Gate, _request: Request) -> Response:
    gate.statistics.clear()
    return Response(status_code=204)


async def _faults(gate: Gate, _request: Request) -> Response:
    return _json(gate.faults.as_json())


async def _order_faults(gate: Gate, request: Request) -> Response:
    gate.faults.order(from_json(await request.body()))
    return Response(status_code=204)


async def _end_faults(gate: Gate, _request: Request) -> Response:
    gate.faults.clear()
    return Response(status_code=204)


async def _clock(gate: Gate, _request: Request) -> Response:
    return _json({"now": gate.clock(), "shift": gate.clock.shift})


async def _put_clock_forward(gate: Gate, request: Request) -> Response:
    body = from_json(await request.body())
    seconds = body.get("forward") if isinstance(body, dict) else None
    if not isinstance(seconds, int | float) or not 0 <= seconds < float("inf"):
        raise ValueError('The clock goes forward only: give {"forward": seconds}.')
    gate.clock.put_forward(seconds)
    return await _clock(gate, request)


async def _reset(gate: Gate, _request: Request) -> Response:
    gate.clear()
    return Response(status_code=204)


async def _contacts(gate: Gate, request: Request) -> Response:
    query = request.query_params
    found = gate.store.page(after=_after(request), limit=DUMP_SIZE, archived=query.get("archived") == "true")
    after = found[-1].id if len(found) == DUMP_SIZE else None
    return _json({"results": [_dumped(gate, contact) for contact in found], "after": after})


def _dumped(gate: Gate, contact: Contact) -> dict[str, Any]:
    writes, redundant = gate.statistics.contacts.of_contact(contact.id)
    return {
        "id": str(contact.id),
        "properties": contact.properties,
        "writes": writes,
        "redundant_writes": redundant,
    }


async def _page(gate: Gate, request: Request) -> Response:
    return HTMLResponse(pages.contact_list(gate.store, after=_after(request)))


def _after(request: Request) -> int:
    text = request.query_params.get("after", "0")
    return int(text) if text.isdecimal() and len(text) <= 18 else 0


def _json(content: Any, status: int = 200) -> Response:
    return Response(to_json(content), status, media_type="application/json")
