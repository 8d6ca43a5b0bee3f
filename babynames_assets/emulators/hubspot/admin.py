"""Doors that the real HubSpot does not have: numbers, faults, a fresh start, all contacts; and the page for people."""

import json
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from babynames_assets.emulators.hubspot import pages
from babynames_assets.emulators.hubspot.gate import Gate

DUMP_SIZE = 10_000


def admin_routes(gate: Gate) -> list[Route]:
    """The routes, in front of those of the API."""

    async def stats(_request: Request) -> Response:
        return JSONResponse({**gate.statistics.as_json(), "contacts": gate.store.count()})

    async def order_faults(request: Request) -> Response:
        try:
            gate.faults.script(json.loads(await request.body()))
        except (TypeError, ValueError) as error:
            return JSONResponse({"message": f"This is not a list of faults: {error}"}, 400)
        return Response(status_code=204)

    async def reset(_request: Request) -> Response:
        gate.store.clear()
        gate.faults.clear()
        gate.statistics.clear()
        for limit in (gate.burst, gate.search, gate.daily):
            limit.clear()
        return Response(status_code=204)

    async def dump(request: Request) -> Response:
        return JSONResponse(_dump(gate, _after(request)))

    async def page(request: Request) -> Response:
        return HTMLResponse(pages.contact_list(gate.store, after=_after(request)))

    return [
        Route("/_stats", stats, methods=["GET"]),
        Route("/_faults", order_faults, methods=["POST"]),
        Route("/_faults", partial(_end_faults, gate), methods=["DELETE"]),
        Route("/_reset", reset, methods=["POST"]),
        Route("/_contacts", dump, methods=["GET"]),
        Route("/contacts/{portal:int}/objects/0-1/views/all/list", page, methods=["GET"]),
    ]


async def _end_faults(gate: Gate, _request: Request) -> Response:
    gate.faults.clear()
    return Response(status_code=204)


def _dump(gate: Gate, after: int) -> dict[str, Any]:
    found = gate.store.page(after=after, limit=DUMP_SIZE)
    return {
        "results": [{"id": str(contact.id), "properties": contact.properties} for contact in found],
        "after": found[-1].id if len(found) == DUMP_SIZE else None,
    }


def _after(request: Request) -> int:
    text = request.query_params.get("after", "0")
    return int(text) if text.isdecimal() and len(text) <= 18 else 0
