"""Reads from an answer's headers which bytes of which file it brings."""

import base64
import binascii
import re
from dataclasses import dataclass

import requests

from babynames_assets.errors import RetryableError

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True)
class Transfer:
    """What an answer brings.

    Attributes:
        start: the offset of its first byte.
        total: the length of the whole file; None when it was not announced.
        etag: what identifies this state of the file; None or weak ones cannot be resumed.
        md5: hexadecimal digest of the whole file, if announced.
    """

    start: int
    total: int | None
    etag: str | None
    md5: str | None


def transfer_of(response: requests.Response) -> Transfer:
    """Read the headers of an answer with status 200, 206 or 416; one with 416 starts at -1, which continues nothing.

    Raises:
        RetryableError: the headers contradict themselves, or the body is not sent as it is stored.
    """
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise RetryableError("The server compressed the file on its way, so that neither length nor digest can match.")
    etag = response.headers.get("ETag")
    strong = etag if etag and not etag.startswith("W/") else None
    start, total = _extent(response)
    return Transfer(start, total, strong, _md5(response.headers.get("x-goog-hash", "")))


def _extent(response: requests.Response) -> tuple[int, int | None]:
    if response.status_code == 416:
        return -1, None
    length = _length(response)
    if response.status_code == 200:
        return 0, length
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    if match is None:
        raise RetryableError("The server sent a part without saying which one.")
    first, last, total = map(int, match.groups())
    if last + 1 != total or length not in {None, total - first}:
        raise RetryableError("The server sent a part that does not reach the file's end.")
    return first, total


def _length(response: requests.Response) -> int | None:
    text = response.headers.get("Content-Length", "")
    return int(text) if text.isdecimal() else None


def _md5(header: str) -> str | None:
    """The digest in ``crc32c=...,md5=...`` (base64) as hexadecimal digits."""
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "md5":
            try:
                return base64.b64decode(value, validate=True).hex()
            except binascii.Error:
                return None
    return None
