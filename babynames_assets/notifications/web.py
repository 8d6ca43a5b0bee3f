"""A POST or GET to an address that is itself a secret: neither it nor what was sent gets into an error or a log."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests
from pydantic import SecretStr

from babynames_assets.errors import FatalError, RetryableError
from babynames_assets.notifications.masking import first_line
from babynames_assets.resilience.retry_after import seconds_asked

_PASSING = {408, 425, 429}
_LONGEST_ANSWER = 2_000


@dataclass(frozen=True)
class Patience:
    """Seconds to wait for a connection, and for an answer."""

    connect: float
    read: float


@dataclass(frozen=True)
class Reply:
    """What came back: the status, and the beginning of the body in one line."""

    status: int
    text: str

    def __str__(self) -> str:
        return f"{self.status} {self.text}".rstrip()


def post(url: SecretStr, body: bytes, headers: Mapping[str, str], *, what: str, patience: Patience) -> Reply:
    """Post a body once, and return what a success says.

    Args:
        url: where to.
        body: what is sent, JSON.
        headers: beside the content's type.
        what: names the receiver in messages.
        patience: how long to wait.

    Raises:
        RetryableError: the receiver cannot take it now.
        FatalError: the receiver refuses it, or the address is of no use; a person has to change something.
    """
    return _call("POST", url, body, {"Content-Type": "application/json", **headers}, what, patience)


def get(url: SecretStr, *, what: str, patience: Patience) -> Reply:
    """Call an address once; raises what ``post`` does."""
    return _call("GET", url, None, {}, what, patience)


def _call(
    method: str, url: SecretStr, body: bytes | None, headers: Mapping[str, str], what: str, patience: Patience
) -> Reply:
    try:
        with requests.request(
            method,
            url.get_secret_value(),
            data=body,
            headers={"User-Agent": "babynames-assets", **headers},
            auth=_no_login,
            timeout=(patience.connect, patience.read),
            allow_redirects=False,  # what is told, and the login in the address, is for this receiver alone
            stream=True,
        ) as response:
            text = response.raw.read(_LONGEST_ANSWER, decode_content=True) or b""
            reply = Reply(response.status_code, first_line(text.decode(errors="replace"), 200))
            asked = seconds_asked(response.headers.get("retry-after"), time.time)
    except Exception as error:  # noqa: BLE001 - whatever its kind: its words quote the address, and so does its cause
        raise _unanswered(what, error, patience) from None
    _raise_for(what, reply, asked)
    return reply


def _raise_for(what: str, reply: Reply, asked: float | None) -> None:
    if 200 <= reply.status < 300:
        return
    if reply.status in _PASSING or reply.status >= 500:
        raise RetryableError(f"{what} answered {reply}; another try may succeed.", retry_after=asked)
    if 300 <= reply.status < 400:
        raise FatalError(f"{what} answered {reply.status}: it leads elsewhere, which is not followed. Set the address.")
    raise FatalError(f"{what} answered {reply}; another try does not help. Check its address and key.")


def _unanswered(what: str, error: Exception, patience: Patience) -> RetryableError | FatalError:
    """An error without the words of the cause, which quote the address."""
    if isinstance(error, requests.exceptions.SSLError):
        return FatalError(f"{what}: its certificate is not trusted, so nothing was sent.")
    if isinstance(error, requests.ConnectTimeout):
        return RetryableError(f"{what}: no connection within {patience.connect:g} s.")
    if isinstance(error, requests.Timeout):
        return RetryableError(f"{what}: no answer within {patience.read:g} s.")
    if isinstance(error, ValueError):
        return FatalError(f"{what}: the address cannot be used ({type(error).__name__}).")
    return RetryableError(f"{what}: no answer ({type(error).__name__}).")


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from adding a login that ~/.netrc holds for the host."""
    return request
