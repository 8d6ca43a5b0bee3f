"""The JSON that HubSpot sends and takes. Every field of an answer may be absent."""

from typing import TypedDict


class UpsertInput(TypedDict):
    """One contact of a batch upsert."""

    id: str
    idProperty: str
    objectWriteTraceId: str
    properties: dict[str, str]


class UpsertResult(TypedDict, total=False):
    """One contact that was written."""

    id: str
    new: bool
    objectWriteTraceId: str
    properties: dict[str, str | None]


class ErrorDetail(TypedDict, total=False):
    """A detail of a refusal."""

    message: str
    context: dict[str, list[str]]


class ErrorBody(TypedDict, total=False):
    """Why something was refused: the body of an error answer, or one entry of a 207."""

    status: str
    message: str
    category: str
    correlationId: str
    policyName: str
    context: dict[str, list[str]]
    errors: list[ErrorDetail]


class BatchAnswer(TypedDict, total=False):
    """The answer to a batch call."""

    status: str
    results: list[UpsertResult]
    errors: list[ErrorBody]
    numErrors: int


class ReadResult(TypedDict, total=False):
    """A contact that is shown."""

    id: str
    properties: dict[str, str | None]


class ReadAnswer(TypedDict, total=False):
    """The answer to a batch read."""

    results: list[ReadResult]
    errors: list[ErrorBody]


class SearchAnswer(TypedDict, total=False):
    """The answer to a search."""

    total: int
    results: list[ReadResult]


class SearchFilter(TypedDict, total=False):
    """A condition of a search."""

    propertyName: str
    operator: str
    value: str


class PropertyDefinition(TypedDict, total=False):
    """A property of contacts."""

    name: str
    label: str
    description: str
    type: str
    fieldType: str
    groupName: str
    hasUniqueValue: bool
    calculated: bool
    modificationMetadata: dict[str, bool]


class AccountDetails(TypedDict, total=False):
    """What the token's account is."""

    portalId: int
    uiDomain: str
    timeZone: str
