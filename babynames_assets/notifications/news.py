"""What is told: the news of one thing that is wrong, and the message that a channel gets about it."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from babynames_assets.year_ranges import name_years

Kind = Literal["failed_runs", "blocking_checks", "failed_checks", "check_warnings", "dead_letters", "completion"]
Event = Literal["opened", "reminded", "resolved", "test"]

AS_A_WHOLE = ""
"""In the place of a year: what has no years."""

_MESSAGE_VERSION = 1


@dataclass(frozen=True)
class News:
    """What is wrong with one thing.

    Attributes:
        kind: as the settings name it.
        title: what happened, in one line.
        where: the asset, check or job.
        why: the reason in one line, for a person.
        what_to_do: a command, or a page of the documentation.
        run_id: of the run in which it happened.
        path: of its page in Dagster's UI, below the UI's address.
    """

    kind: Kind
    title: str
    where: str
    why: str
    what_to_do: str
    run_id: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class Message:
    """What a channel gets.

    Attributes:
        event: what has happened to the incident.
        key: the incident's identity; the same again when it comes back.
        years: which, such as ``2001-2003, 2005``; empty where it has none.
        link: to Dagster's UI, where its address is known.
        opened_at: since when, ISO 8601 in UTC.
        times_seen: how often since then.
        environment: which installation says so.
    """

    event: Event
    kind: Kind
    key: str
    title: str
    where: str
    years: str
    why: str
    what_to_do: str
    run_id: str | None
    link: str | None
    opened_at: str
    times_seen: int
    environment: str

    def as_json(self) -> dict[str, Any]:
        """The message as JSON holds it."""
        return {"version": _MESSAGE_VERSION, **asdict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Message":
        """The reverse; fields of a newer version are left out."""
        return cls(**{field.name: document[field.name] for field in fields(cls)})


def moment_text(moment: dt.datetime) -> str:
    """A moment of a table, in UTC, as ISO 8601 with its zone, to the second."""
    return moment.replace(tzinfo=dt.UTC).isoformat(timespec="seconds")


def years_text(reach: Iterable[str]) -> str:
    """Years as ranges without gaps, such as ``2001-2003, 2005``."""
    return name_years(int(year) for year in reach if year != AS_A_WHOLE)
