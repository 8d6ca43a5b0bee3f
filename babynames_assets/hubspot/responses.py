"""What each status of HubSpot means for the caller: go on, wait and try again, look at the input, or stop.

Sources: developers.hubspot.com, error handling and usage guidelines; recorded traffic for what they leave out, for
example that 429 comes without Retry-After.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from types import MappingProxyType

from babynames_assets.errors import BabynamesError, FatalError, PausedError, RejectedError, RetryableError
from babynames_assets.hubspot.reasons import missing_scopes, parse_error, reason_of
from babynames_assets.hubspot.wire import ErrorBody

SCOPES = "crm.objects.contacts.read, crm.objects.contacts.write and crm.schemas.contacts.write"


class RefusedError(RejectedError):
    """HubSpot refused a whole request for something in it; smaller requests find out what."""

    def __init__(self, message: str, *, category: str, correlation_id: str, status: int) -> None:
        super().__init__(message)
        self.category, self.correlation_id, self.status = category, correlation_id, status


class NotFoundError(FatalError):
    """There is nothing at a path."""


@dataclass(frozen=True)
class Answer:
    """An answer of HubSpot.

    Attributes:
        call: method and path, for messages.
        status: HTTP status.
        headers: names without regard to case.
        text: the body.
    """

    call: str
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def correlation_id(self) -> str:
        """What HubSpot's support asks for; the header is on every answer."""
        return self.headers.get("x-hubspot-correlation-id", "unknown")


class _Action(Enum):
    RETRY = auto()
    LOOK_AT_INPUT = auto()
    STOP = auto()


@dataclass(frozen=True)
class _Rule:
    action: _Action
    advice: str
    wait: float | None = None


_RULES: Mapping[int, _Rule] = MappingProxyType(
    {
        400: _Rule(_Action.LOOK_AT_INPUT, "The request holds something that HubSpot does not accept."),
        401: _Rule(
            _Action.STOP,
            "The token is unknown, revoked or expired: set BABYNAMES_HUBSPOT__TOKEN to a valid service key or "
            f"private-app token with the scopes {SCOPES}.",
        ),
        403: _Rule(
            _Action.STOP,
            f"The token lacks a scope: give its service key, private app or OAuth app the scopes {SCOPES}.",
        ),
        404: _Rule(
            _Action.STOP,
            "There is nothing at this path: check BABYNAMES_HUBSPOT__BASE_URL and BABYNAMES_HUBSPOT__API_VERSION.",
        ),
        408: _Rule(_Action.RETRY, "HubSpot waited too long for the request."),
        409: _Rule(_Action.LOOK_AT_INPUT, "The request conflicts with what HubSpot holds."),
        413: _Rule(_Action.LOOK_AT_INPUT, "The request is too large."),
        422: _Rule(_Action.LOOK_AT_INPUT, "The request holds something that HubSpot does not accept."),
        423: _Rule(_Action.RETRY, "HubSpot locked the contacts for a moment (2 s).", wait=2.0),
        477: _Rule(
            _Action.RETRY, "HubSpot is moving the account to another data centre; it can take a day.", wait=60.0
        ),
        525: _Rule(_Action.STOP, "TLS failed at HubSpot's edge: another try does not mend it; see status.hubspot.com."),
        526: _Rule(_Action.STOP, "TLS failed at HubSpot's edge: another try does not mend it; see status.hubspot.com."),
    }
)
_ANY_5XX = _Rule(_Action.RETRY, "HubSpot could not answer.")
_ANY_3XX = _Rule(_Action.STOP, "The API does not redirect: check BABYNAMES_HUBSPOT__BASE_URL.")
_ANY_OTHER = _Rule(_Action.STOP, "This status is not part of the API: check BABYNAMES_HUBSPOT__BASE_URL.")

_BURST_WAIT, _SECOND_WAIT = 10.0, 1.0


def raise_for(answer: Answer, *, clock: Callable[[], float] = time.time) -> None:
    """Return if the answer is a success.

    Raises:
        RetryableError: the same request may succeed later; it says when.
        RefusedError: something in the request is not accepted.
        PausedError: no call is accepted before the account's midnight.
        NotFoundError: there is nothing at the path.
        FatalError: a person has to change something.
    """
    if 200 <= answer.status < 300:
        return
    error = parse_error(answer.text)
    asked = _retry_after(answer.headers.get("retry-after"), clock)
    if answer.status == 429:
        raise _limited(answer, error, asked)
    rule = _rule(answer.status)
    message = f"{describe(answer)} {rule.advice}"
    if rule.action is _Action.RETRY:
        raise RetryableError(message, retry_after=rule.wait if asked is None else asked)
    if rule.action is _Action.LOOK_AT_INPUT and not _concerns_every_input(error):
        raise RefusedError(
            reason_of(error),
            category=str(error.get("category") or f"HTTP_{answer.status}"),
            correlation_id=answer.correlation_id,
            status=answer.status,
        )
    if scopes := missing_scopes(error):
        message += f" Missing: {', '.join(scopes)}."
    raise (NotFoundError if answer.status == 404 else FatalError)(message)


def describe(answer: Answer) -> str:
    """What was called and what came back, as the first sentence of a message."""
    reason = reason_of(parse_error(answer.text))
    return f"{answer.call}: HubSpot answered {answer.status} ({reason}; correlation id {answer.correlation_id})."


def _rule(status: int) -> _Rule:
    if status in _RULES:
        return _RULES[status]
    if status >= 500:
        return _ANY_5XX
    return _ANY_3XX if 300 <= status < 400 else _ANY_OTHER


def _limited(answer: Answer, error: ErrorBody, asked: float | None) -> BabynamesError:
    message = str(error.get("message") or "")
    policy = str(error.get("policyName") or "").upper()
    described = describe(answer)
    if policy == "DAILY" or (not policy and "daily limit" in message):
        return PausedError(f"{described} HubSpot accepts no more calls of this account today.", until=None)
    per_second = policy == "SECONDLY" or (not policy and "your secondly limit" in message)
    wait = _SECOND_WAIT if per_second else _BURST_WAIT
    return RetryableError(
        f"{described} Something else spends the same allowance, or BABYNAMES_HUBSPOT__TIER is too high.",
        retry_after=wait if asked is None else asked,
    )


def _concerns_every_input(error: ErrorBody) -> bool:
    # Bisecting would blame a hundred contacts for a property that is not unique.
    return "by non-unique" in str(error.get("message") or "")


def _retry_after(header: str | None, clock: Callable[[], float]) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date; one that holds neither says nothing."""
    if header is None:
        return None
    try:
        if header.strip().isdecimal():
            return float(header)
        return max(0.0, parsedate_to_datetime(header).timestamp() - clock())
    except (ValueError, OverflowError):
        return None
