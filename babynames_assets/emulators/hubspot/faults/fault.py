"""A fault on order, as JSON writes it: what happens, to which requests, and when."""

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic_core import from_json

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class Fault(BaseModel):
    """One entry of an order. Which fields a kind reads stands with the kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(description="what happens: a name in the tables below")
    path: str = Field("", description="strikes only requests with this in their path")
    contains: str = Field("", description="strikes only requests with this text in their body")
    skip: int = Field(0, ge=0, description="matching requests that pass before it begins")
    times: int = Field(1, ge=1, description="matching requests in a row that it strikes, once it strikes")
    seconds: Seconds = Field(0.0, description="once it strikes, it strikes every matching request for so long")
    rate: Share | None = Field(
        None, description="the chance of each matching request to be struck; without it the order is played once"
    )
    status: int = Field(503, ge=200, le=599, description="the HTTP status, for kinds that answer with any")
    retry_after: str | None = Field(None, description="a Retry-After header to send: seconds, a date, or nonsense")
    delay: Seconds | tuple[Seconds, Seconds] = Field(
        0.0, description="seconds that the answer waits; two numbers are the least and the most of an even choice"
    )
    count: int = Field(1, ge=1, description="records concerned, the first of the batch")
    share: Share | None = Field(None, description="the chance of each record to be concerned, in place of `count`")
    matches: re.Pattern[str] | None = Field(
        None, description="a regular expression: concerns the records with a value in which it is found"
    )
    attempts: int = Field(0, ge=0, description="concerns a record only so often; 0: for ever")

    @model_validator(mode="after")
    def _two_delays_are_in_order(self) -> "Fault":
        if isinstance(self.delay, tuple) and self.delay[0] > self.delay[1]:
            raise ValueError(f"a delay of {self.delay[0]} to {self.delay[1]} s: the least comes first")
        return self


class Storm(BaseModel):
    """Faults with the seed that decides where their rates strike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    faults: list[Fault]
    seed: int = 0


_FAULTS = TypeAdapter(list[Fault])


def parse_storm(content: Any, seed: int | None = None) -> Storm:
    """Read an order from JSON's objects: a list of faults, or ``{"seed": 7, "faults": [...]}``.

    Args:
        content: what the JSON says.
        seed: takes precedence over the one in the order.

    Raises:
        ValueError: it is neither; the message names the field.
    """
    try:
        if isinstance(content, list):
            storm = Storm(faults=_FAULTS.validate_python(content))
        else:
            storm = Storm.model_validate(content)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in error.errors())
        raise ValueError(f"This is not a list of faults, nor an object with one: {told}") from error
    return storm if seed is None else storm.model_copy(update={"seed": seed})


def read_storm(text: str, seed: int | None = None) -> Storm:
    """Read an order from JSON, or from the file of that name.

    Raises:
        ValueError: it is not an order.
        OSError: there is no such file.
    """
    if not text.lstrip().startswith(("[", "{")):
        text = Path(text).read_text(encoding="utf-8")
    return parse_storm(from_json(text), seed)
