"""The options by which a command of the dead letters says which ones are meant."""

import datetime as dt
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from babynames_assets.cli.years import parse_years
from babynames_assets.errors import ConfigurationError
from babynames_assets.warehouse.dead_letters import Service
from babynames_assets.warehouse.letter_queries import LetterFilter
from babynames_assets.warehouse.letter_status import STATUSES, UNSETTLED
from babynames_assets.warehouse.rows import now


class AnyStatus(StrEnum):
    """What can be asked for."""

    OPEN = "open"
    RETRYING = "retrying"
    RESOLVED = "resolved"
    DISCARDED = "discarded"
    ANY = "any"


OfService = Annotated[Service | None, typer.Option("--service", help="Of lines (import) or of contacts (sync).")]
OfStatus = Annotated[
    list[AnyStatus] | None,
    typer.Option("--status", help="Of this status; may be given more than once. Empty: open and retrying."),
]
OfYears = Annotated[str | None, typer.Option("--years", help="Of these years: 2015-2024, or 2024.")]
OfReason = Annotated[str | None, typer.Option("--reason", help="Whose category is this, or whose text has this in it.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Last attempt not before: 2026-11-24, 2026-11-24T16:00 (UTC), 36h, 7d.")
]

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def letter_filter(
    service: Service | None,
    status: Sequence[AnyStatus] | None,
    years: str | None,
    reason: str | None,
    since: str | None,
) -> LetterFilter:
    """What the options mean.

    Raises:
        ConfigurationError: years or since are of no known form.
    """
    statuses = UNSETTLED if not status else [one for one in STATUSES if one in status or "any" in status]
    return LetterFilter(
        service=service,
        statuses=statuses,
        years=parse_years(years),
        reason=reason,
        since=parse_since(since),
    )


def parse_since(text: str | None) -> dt.datetime | None:
    """The moment of ``2026-11-24``, ``2026-11-24T16:00`` or ``7d``, in UTC without a zone; None for no text.

    Raises:
        ConfigurationError: it is neither a moment nor a time back from now.
    """
    if not text:
        return None
    if back := re.fullmatch(r"(\d{1,5})([mhd])", text.strip()):
        return now() - dt.timedelta(**{_UNITS[back[2]]: int(back[1])})
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigurationError(
            f"--since {text!r} is neither a moment (2026-11-24, 2026-11-24T16:00) nor a time back from now (90m, 36h, "
            "7d)."
        ) from None
    return moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
