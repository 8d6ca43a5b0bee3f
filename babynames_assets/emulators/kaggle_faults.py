"""Failures that a test asks the Kaggle emulator for, each used once, and the count of requests.

``POST /_faults`` takes a list of them; the next requests of the place that a fault names use them up in order.
``DELETE /_faults`` forgets those that are left, and the counts.
"""

import asyncio
from collections import Counter
from http import HTTPStatus
from typing import Literal, NotRequired, TypedDict, get_type_hints

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

PAGE = "<!DOCTYPE html><html><head><title>Kaggle</title></head><body>We will be right back.</body></html>"


class Fault(TypedDict):
    """One failure: an answer in place of the real one (``status``), or a real one that is spoiled.

    ``on`` is ``api``, the name of one RPC, or ``storage``. ``body`` is the kind of error body, ``code`` a code in it
    that is not ``status``. ``stall`` waits that many seconds: before the answer, or with ``cut`` after that many bytes.
    The others spoil the storage's answer: ``cut`` ends the connection after that many bytes, ``flip`` inverts one bit
    of the byte at that offset.
    """

    on: str
    status: NotRequired[int]
    body: NotRequired[Literal["json", "nested", "garbled", "html", "expired"]]
    code: NotRequired[int]
    retry_after: NotRequired[str]
    stall: NotRequired[float]
    cut: NotRequired[int]
    flip: NotRequired[int]
    wrong_md5: NotRequired[bool]
    no_md5: NotRequired[bool]
    no_length: NotRequired[bool]
    no_etag: NotRequired[bool]
    new_etag: NotRequired[bool]


class Faults:
    """The failures still to come, and the requests so far."""

    def __init__(self) -> None:
        self._queue: list[Fault] = []
        self._requests: Counter[str] = Counter()

    def count(self, name: str) -> None:
        """Count one request."""
        self._requests[name] += 1

    def take(self, *places: str) -> Fault | None:
        """Use up the oldest fault of these places."""
        for fault in self._queue:
            if fault["on"] in places:
                self._queue.remove(fault)
                return fault
        return None

    async def answer(self, request: Request) -> Response:
        """Serve ``/_faults``."""
        if request.method == "DELETE":
            self._queue.clear()
            self._requests.clear()
            return Response(status_code=204)
        faults: list[Fault] = await request.json()
        unknown = {name for fault in faults for name in fault}.difference(get_type_hints(Fault))
        if unknown:
            return JSONResponse({"code": 400, "message": f"No such fault: {sorted(unknown)}"}, 400)
        self._queue.extend(faults)
        return JSONResponse({"waiting": len(self._queue)})

    async def answer_stats(self, _request: Request) -> Response:
        """Serve ``/_stats``."""
        return JSONResponse({"requests": dict(self._requests), "faults_waiting": len(self._queue)})


async def failure_of(fault: Fault) -> Response | None:
    """The answer in place of the real one, after the fault's pause; None when the real one is only spoiled."""
    if "cut" not in fault:
        await asyncio.sleep(fault.get("stall", 0))
    if "status" not in fault:
        return None
    status = fault["status"]
    code = fault.get("code", status)
    phrase = HTTPStatus(code).phrase
    headers = {"Retry-After": fault["retry_after"]} if "retry_after" in fault else {}
    match fault.get("body", "json"):
        case "html":
            return Response(PAGE, status, headers, "text/html; charset=utf-8")
        case "expired":
            text = "<?xml version='1.0' encoding='UTF-8'?><Error><Code>ExpiredToken</Code></Error>"
            return Response(text, status, headers, "application/xml; charset=UTF-8")
        case "garbled":
            return Response('{"code": ', status, headers, "application/json")
        case "nested":
            error = {"code": code, "message": phrase, "status": phrase.upper().replace(" ", "_")}
            return JSONResponse({"error": error}, status, headers)
        case _:
            return JSONResponse({"code": code, "message": phrase}, status, headers)
