"""A request of the API as its handlers see it, and the parts that many of them read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic_core import from_json

from babynames_assets.emulators.hubspot.contact_counts import ContactCounts
from babynames_assets.emulators.hubspot.faults.rules import RecordRules
from babynames_assets.emulators.hubspot.replies import Reply, invalid, unreadable
from babynames_assets.emulators.hubspot.store import Store

MAX_BATCH = 100


@dataclass(frozen=True)
class Call:
    """One request.

    Attributes:
        store: the account.
        rules: refuse single records.
        counts: takes note of what is written.
        endpoint: the last part of its path, for example ``upsert``.
        params: values from the path.
        query: values from the query string.
        raw: the body.
        host: where the client found this server, with the port.
        now: seconds since 1970.
    """

    store: Store
    rules: RecordRules
    counts: ContactCounts
    endpoint: str
    params: Mapping[str, str]
    query: Mapping[str, str]
    raw: bytes
    host: str
    now: float

    @cached_property
    def body(self) -> dict[str, Any]:
        """The body, a JSON object."""
        try:
            body = from_json(self.raw, allow_inf_nan=False)
        except ValueError as error:
            raise unreadable(str(error)) from None
        if not isinstance(body, dict):
            raise unreadable("Cannot deserialize value of this type from Array value")
        return body

    def inputs(self) -> list[dict[str, Any]]:
        """The inputs of a batch."""
        inputs = self.body.get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(item, dict) for item in inputs):
            raise unreadable("Cannot deserialize value of type `java.util.ArrayList` of inputs")
        if len(inputs) > MAX_BATCH:
            raise invalid(
                f"The maximum number of inputs supported in a batch is {MAX_BATCH}. Please reduce the number of items "
                "and try again"
            )
        return inputs

    def number(self, name: str, *, default: int, most: int) -> int:
        """A whole number of the query string."""
        text = self.query.get(name, str(default))
        if not text.isdecimal() or int(text) > most:
            raise invalid(f"{name} must be a number of at most {most}, not {text}")
        return int(text)


Handler = Callable[[Call], Reply]
