"""What an answer of HubSpot becomes in this program: nothing to worry about, or an error that says what to do.

``answer_rules.py`` has the table.
"""

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from babynames_assets.errors import BabynamesError, FatalError, PausedError, RejectedError, RetryableError
from babynames_assets.hubspot.answer_rules import Action, rule_for
from babynames_assets.hubspot.reasons import missing_scopes, parse_error, reason_of
from babynames_assets.hubspot.wire import ErrorBody
from babynames_assets.resilience.retry_after import seconds_asked

LONGEST_WAIT = 60.0
"""Seconds that a call waits for its next try, whatever HubSpot asks for; a pause may be longer."""

LONGEST_PAUSE = 86_400.0
"""Seconds: a move to another data centre takes a day at most."""


class RefusedError(RejectedError):
    """HubSpot refused a whole request for something in it; smaller requests find out what."""

    def __init__(self, message: str, *, category: str, correlation_id: str, status: int) -> None:
        super().__init__(message)
        self.category, self.correlation_id, self.status = category, correlation_id, status


class NotFoundError(FatalError):
    """There is nothing at a path."""


class LimitedError(RetryableError):
    """The limit on a few seconds was met all the same: nobody should call for a while.

    Attributes:
        is_told: whether HubSpot said for how long.
    """

    def __init__(self, message: str, *, retry_after: float | None, is_told: bool) -> None:
        super().__init__(message, retry_after=retry_after)
        self.is_told = is_told


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


def raise_for(answer: Answer) -> None:
    """Return if the answer is a success.

    Raises:
        BabynamesError: what ``error_of`` says.
    """
    if error := error_of(answer):
        raise error


def error_of(answer: Answer, *, clock: Callable[[], float] = time.time) -> BabynamesError | None:
    """What an answer becomes, by its line of the table: None for a success.

    Returns:
        RetryableError: the same request may succeed later; it says when. LimitedError: and no other request before.
        PausedError: no request is accepted for long; ``until`` is None where only the account's day says how long.
        RefusedError: something in the request is not accepted. FatalError: a person has to change something.
    """
    if 200 <= answer.status < 300:
        return None
    error = parse_error(answer.text)
    rule = rule_for(answer.status, error)
    asked = seconds_asked(answer.headers.get("retry-after"), clock)
    wait = rule.wait if asked is None else asked
    message = f"{describe(answer)} {rule.meaning}"
    if rule.action is Action.PAUSE:
        return PausedError(message, until=None)
    if rule.action is Action.WAIT_OR_PAUSE and wait is not None and wait > LONGEST_WAIT:
        until = clock() + min(wait, LONGEST_PAUSE)
        return PausedError(message, until=dt.datetime.fromtimestamp(until, dt.UTC))
    if rule.action is Action.SLOW_DOWN:
        return LimitedError(message, retry_after=wait, is_told=asked is not None)
    if rule.action in (Action.TRY_AGAIN, Action.WAIT_OR_PAUSE):
        return RetryableError(message, retry_after=wait)
    return _refused(answer, error) if rule.action is Action.HALVE else _fatal(answer, error, message)


def describe(answer: Answer) -> str:
    """What was called and what came back, as the first sentence of a message."""
    reason = reason_of(parse_error(answer.text))
    return f"{answer.call}: HubSpot answered {answer.status} ({reason}; correlation id {answer.correlation_id})."


def _refused(answer: Answer, error: ErrorBody) -> RefusedError:
    return RefusedError(
        reason_of(error),
        category=str(error.get("category") or f"HTTP_{answer.status}"),
        correlation_id=answer.correlation_id,
        status=answer.status,
    )


def _fatal(answer: Answer, error: ErrorBody, message: str) -> FatalError:
    if scopes := missing_scopes(error):
        message += f" Missing: {', '.join(scopes)}."
    return NotFoundError(message) if answer.status == HTTPStatus.NOT_FOUND else FatalError(message)
