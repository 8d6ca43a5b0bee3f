"""The object storage behind the Kaggle emulator's links: signed, expiring, and able to send a range."""

import asyncio
import hashlib
import hmac
import re
import time
from collections.abc import AsyncIterator, Mapping
from email.utils import formatdate
from pathlib import Path

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from babynames_assets.emulators.kaggle_faults import Fault, Faults, failure_of
from babynames_assets.emulators.kaggle_versions import ARCHIVE, PublishedVersion, published

CHUNK_BYTES = 2**16

_LOOPBACK_NAMES = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class Storage:
    """Makes links to archives and answers them.

    Args:
        folder: the published versions.
        faults: failures that were asked for.
        key: signs the links.
        link_seconds: how long a link works.
    """

    def __init__(self, folder: Path, faults: Faults, key: bytes, link_seconds: float) -> None:
        self._folder = folder
        self._faults = faults
        self._key = key
        self._link_seconds = link_seconds

    def link(self, api: URL, number: int) -> str:
        """A signed link to a version's archive, under the loopback name that the API was not called by."""
        host = _LOOPBACK_NAMES.get(str(api.hostname), str(api.hostname))
        expires = f"{time.time() + self._link_seconds:.3f}"
        signature = {"X-Goog-Expires": expires, "X-Goog-Signature": self._signature(number, expires)}
        return str(URL(f"{api.scheme}://{host}:{api.port}{_path(number)}").include_query_params(**signature))

    async def answer(self, request: Request) -> Response:
        """Serve one link."""
        self._faults.count("storage")
        number: int = request.path_params["number"]
        refused = self._refused(request, number)
        if refused is not None:
            return refused
        fault = self._faults.take("storage") or Fault(on="storage")
        failed = await failure_of(fault)
        if failed is not None:
            return failed
        archive = self._folder / str(number) / ARCHIVE
        return _archive_response(request.headers, archive, published(self._folder)[number], fault)

    def _refused(self, request: Request, number: int) -> Response | None:
        if "Authorization" in request.headers:
            return _xml_error(400, "InvalidArgument", "A signed link takes no Authorization header.")
        expires = request.query_params.get("X-Goog-Expires", "")
        given = request.query_params.get("X-Goog-Signature", "")
        if not hmac.compare_digest(given, self._signature(number, expires)):
            return _xml_error(403, "SignatureDoesNotMatch", "The link was not made here.")
        if float(expires) < time.time():
            return _xml_error(403, "ExpiredToken", "The link has expired.")
        return None

    def _signature(self, number: int, expires: str) -> str:
        return hmac.new(self._key, f"{_path(number)}?{expires}".encode(), hashlib.sha256).hexdigest()


class _ArchiveResponse(Response):
    """Sends a part of a file, and stops in the middle if it was told to; the server then closes the connection."""

    def __init__(self, archive: Path, extent: range, status: int, headers: Mapping[str, str], fault: Fault) -> None:
        super().__init__(None, status, headers, "application/zip")
        self._archive = archive
        self._extent = extent
        self._fault = fault
        del self.headers["Content-Length"]
        if not fault.get("no_length"):
            self.headers["Content-Length"] = str(len(extent))

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async for chunk in self._chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        if "cut" in self._fault:
            await asyncio.sleep(self._fault.get("stall", 0))
            return
        await send({"type": "http.response.body", "body": b""})

    async def _chunks(self) -> AsyncIterator[bytes]:
        left = min(len(self._extent), self._fault.get("cut", len(self._extent)))
        with self._archive.open("rb") as file:
            file.seek(self._extent.start)
            while left:
                position = file.tell()
                chunk = file.read(min(CHUNK_BYTES, left))
                left -= len(chunk)
                yield _flipped(chunk, self._fault.get("flip", -1) - position)


def _archive_response(headers: Mapping[str, str], archive: Path, version: PublishedVersion, fault: Fault) -> Response:
    size = archive.stat().st_size
    etag = f'"{version.content_sha256[:32]}{"-new" if fault.get("new_etag") else ""}"'
    wanted = _RANGE.fullmatch(headers.get("Range", ""))
    sent = _headers(archive, etag, version.archive_md5, fault)
    if wanted is None or headers.get("If-Range", etag) != etag:
        return _ArchiveResponse(archive, range(size), 200, sent, fault)
    first, last = int(wanted[1]), min(int(wanted[2] or size), size - 1)
    if first > last:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    sent["Content-Range"] = f"bytes {first}-{last}/{size}"
    return _ArchiveResponse(archive, range(first, last + 1), 206, sent, fault)


def _headers(archive: Path, etag: str, md5: str, fault: Fault) -> dict[str, str]:
    headers = {"Accept-Ranges": "bytes", "Last-Modified": formatdate(archive.stat().st_mtime, usegmt=True)}
    if not fault.get("no_etag"):
        headers["ETag"] = etag
    if not fault.get("no_md5"):
        headers["x-goog-hash"] = f"md5={'A' * 22 + '==' if fault.get('wrong_md5') else md5}"
    return headers


def _flipped(chunk: bytes, offset: int) -> bytes:
    if not 0 <= offset < len(chunk):
        return chunk
    return chunk[:offset] + bytes([chunk[offset] ^ 1]) + chunk[offset + 1 :]


def _path(number: int) -> str:
    return f"/storage/{number}/{ARCHIVE}"


def _xml_error(status: int, code: str, message: str) -> Response:
    text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(text, status, media_type="application/xml; charset=UTF-8")
