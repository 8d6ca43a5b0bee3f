"""Emulates Kaggle's dataset API and the storage behind it, as far as a client that downloads datasets can see.

The API lives under ``/v1``. The storage answers under the machine's other loopback name, so that a client which follows
a link has to drop its Authorization header by itself, and is refused if it does not. ``/_faults`` makes the next
requests fail, ``/_stats`` tells what was asked.
"""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from babynames_assets.emulators.kaggle_faults import Faults, failure_of
from babynames_assets.emulators.kaggle_storage import Storage
from babynames_assets.emulators.kaggle_versions import PublishedVersion, newest, published

FIRST_PAGE_SIZE = 20
LINK_SECONDS = 300.0


def create_app(folder: Path, *, dataset: str, token: str | None, link_seconds: float = LINK_SECONDS) -> Starlette:
    """The emulator's application.

    Args:
        folder: the published versions; what is published while it runs is visible at once.
        dataset: the only dataset that exists, ``owner/slug``.
        token: the only token that is accepted; None makes the dataset public.
        link_seconds: how long a storage link works.
    """
    return _Kaggle(folder, dataset, token, link_seconds).app()


class _Kaggle:
    def __init__(self, folder: Path, dataset: str, token: str | None, link_seconds: float) -> None:
        self._folder = folder
        self._dataset = dataset
        self._token = token
        self._faults = Faults()
        self._storage = Storage(folder, self._faults, secrets.token_bytes(32), link_seconds)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/{service}/{rpc}", self._answer_rpc, methods=["POST"]),
                Route("/storage/{number:int}/archive.zip", self._storage.answer, methods=["GET"]),
                Route("/_faults", self._faults.answer, methods=["POST", "DELETE"]),
                Route("/_stats", self._faults.answer_stats, methods=["GET"]),
            ]
        )

    async def _answer_rpc(self, request: Request) -> Response:
        rpc = request.path_params["rpc"]
        self._faults.count(rpc)
        fault = self._faults.take("api", rpc)
        if fault is not None:
            failed = await failure_of(fault)
            if failed is not None:
                return failed
        body = await _json_object(request)
        if body is None:
            return _refusal(400, "The body is not a JSON object")
        if request.path_params["service"] == "security.OAuthService" and rpc == "IntrospectToken":
            return self._introspect(body)
        return self._answer_dataset_rpc(request, rpc, body)

    def _answer_dataset_rpc(self, request: Request, rpc: str, body: dict[str, Any]) -> Response:
        if self._token is not None and request.headers.get("Authorization") != f"Bearer {self._token}":
            return _refusal(401, "Unauthenticated")
        versions = published(self._folder)
        version = versions.get(body.get("datasetVersionNumber") or max(versions, default=0))
        if version is None or f"{body.get('ownerSlug')}/{body.get('datasetSlug')}" != self._dataset:
            return _refusal(404, "Not found")
        answers: dict[str, Callable[[], Response]] = {
            "GetDataset": lambda: JSONResponse(self._description(versions)),
            "GetDatasetStatus": lambda: JSONResponse({"status": "READY"}),
            "ListDatasetFiles": lambda: JSONResponse(_page_of_files(version, body)),
            "DownloadDataset": lambda: RedirectResponse(self._storage.link(request.url, version.number), 302),
        }
        if rpc not in answers or body.get("fileName"):
            return _refusal(404, f"{rpc} is not emulated, or not for a single file")
        return answers[rpc]()

    def _introspect(self, body: dict[str, Any]) -> Response:
        active = self._token is None or body.get("token") == self._token
        return JSONResponse({"active": active, "username": "emulated", "scope": "", "userId": 1})

    def _description(self, versions: dict[int, PublishedVersion]) -> dict[str, Any]:
        last = newest(versions)
        return {
            "id": 1,
            "ref": self._dataset,
            "title": self._dataset.partition("/")[2],
            "ownerName": self._dataset.partition("/")[0],
            "licenseName": "CC0-1.0",
            "currentVersionNumber": last.number,
            "lastUpdated": last.published_at,
            "totalBytes": sum(file["totalBytes"] for file in last.files),
            "versions": [
                {"versionNumber": version.number, "creationDate": version.published_at, "status": "Ready"}
                for version in sorted(versions.values(), key=lambda version: -version.number)
            ],
        }


def _page_of_files(version: PublishedVersion, body: dict[str, Any]) -> dict[str, Any]:
    size = int(body.get("pageSize") or FIRST_PAGE_SIZE)
    token = str(body.get("pageToken") or "")
    start = int(token.removeprefix("p")) if token else 0
    files = [
        {
            "ref": file["name"],
            "name": file["name"],
            "totalBytes": file["totalBytes"],
            "creationDate": version.published_at,
        }
        for file in version.files[start : start + size]
    ]
    rest = start + size < len(version.files)
    return {"datasetFiles": files, "nextPageToken": f"p{start + size}" if rest else ""}


async def _json_object(request: Request) -> dict[str, Any] | None:
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _refusal(status: int, message: str) -> Response:
    return JSONResponse({"code": status, "message": message}, status)
