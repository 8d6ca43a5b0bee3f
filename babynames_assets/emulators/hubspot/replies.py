"""Answers on their way to the wire, and the errors of the API with HubSpot's bodies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto
from typing import Any


class Ending(StrEnum):
    """How an answer goes over the wire."""

    WHOLE = auto()
    CUT = auto()
    """The connection ends in the middle of the body that was promised."""
    RESET = auto()
    """The connection ends without a byte of an answer."""
    TRUNCATED = auto()
    """Half of the body comes as if it were all of it."""
    DRIPPING = auto()
    """The body comes in small pieces, over the time of the delay."""


@dataclass(frozen=True)
class Reply:
    """A status and what goes with it.

    Attributes:
        status: HTTP status.
        content: JSON, text for a page of HTML, or None for no body.
        headers: in addition to those that every answer has; None leaves one of them out.
        ending: how it goes over the wire.
        delay: seconds to wait with it.
    """

    status: int
    content: Any = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    ending: Ending = Ending.WHOLE
    delay: float = 0.0


class ApiError(Exception):
    """A request is refused."""

    def __init__(self, status: int, message: str, category: str | None = None, **fields: Any) -> None:
        super().__init__(message)
        self.status, self.message, self.category, self.fields = status, message, category, fields
        self.headers: Mapping[str, str | None] = {}
        self.delay = 0.0

    def reply(self, correlation_id: str) -> Reply:
        """The answer that tells of it."""
        body = {"status": "error", "message": self.message, "correlationId": correlation_id, **self.fields}
        if self.category:
            body["category"] = self.category
        return Reply(self.status, body, self.headers, delay=self.delay)


def invalid(message: str, **fields: Any) -> ApiError:
    """400: something in the request is not valid."""
    return ApiError(400, message, "VALIDATION_ERROR", **fields)


def unreadable(reason: str) -> ApiError:
    """400: the JSON is broken or of another shape; HubSpot gives this one no category."""
    return ApiError(400, f"Invalid input JSON on line 1, column 1: {reason}")


def not_found() -> ApiError:
    """404: nothing is here."""
    return ApiError(404, "resource not found", "OBJECT_NOT_FOUND")


def conflict(owner: int | None) -> ApiError:
    """409: a value that must be unique belongs to another contact; one of the same batch has no id yet."""
    known = f" Existing ID: {owner}" if owner else ""
    return ApiError(409, f"Contact already exists.{known}", "CONFLICT")


def burst_limited() -> ApiError:
    """429: too many calls in ten seconds."""
    return ApiError(
        429,
        "You have reached your ten_secondly_rolling limit.",
        errorType="RATE_LIMIT",
        policyName="TEN_SECONDLY_ROLLING",
        groupName="publicapi:private_app-api-calls-ten-secondly:1:1",
    )


def search_limited() -> ApiError:
    """429: too many searches in a second; its body has neither a policy nor an error type."""
    return ApiError(429, "You have reached your secondly limit.", "RATE_LIMITS")


def second_limited() -> ApiError:
    """429: too many calls in a second, as endpoints other than search say it."""
    return ApiError(429, "You have reached your secondly limit.", errorType="RATE_LIMIT", policyName="SECONDLY")


def daily_limited() -> ApiError:
    """429: the account's calls of this day are used up."""
    return ApiError(429, "You have reached your daily limit.", errorType="RATE_LIMIT", policyName="DAILY")


def unauthorized() -> ApiError:
    """401: no token, or an unknown one."""
    return ApiError(
        401,
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more "
        "details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "INVALID_AUTHENTICATION",
    )


def missing_scopes(scope: str) -> ApiError:
    """403: the token may not do this."""
    return ApiError(
        403,
        "This app hasn't been granted all required scopes to make this call.",
        "MISSING_SCOPES",
        errors=[
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": [scope]},
            }
        ],
        links={"scopes": "https://developers.hubspot.com/scopes"},
    )
