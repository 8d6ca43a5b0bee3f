"""Messages, sightings and notifiers to test with."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from babynames_assets.errors import BabynamesError
from babynames_assets.notifications.channels import Outgoing, Route
from babynames_assets.notifications.news import Kind, Message, News
from babynames_assets.notifications.notifier import Notifier, Terms
from babynames_assets.notifications.sightings import Sighting
from babynames_assets.warehouse import delivery_reviews
from babynames_assets.warehouse.delivery_reviews import StoredDelivery
from babynames_assets.warehouse.engine import Engine, connect

KEY = "failed_runs/warehouse__baby_names"
ALL: frozenset[Kind] = frozenset(
    {"failed_runs", "blocking_checks", "failed_checks", "check_warnings", "dead_letters", "completion"}
)

MESSAGE = Message(
    event="opened",
    kind="failed_runs",
    key=KEY,
    title="warehouse/baby_names failed",
    where="warehouse/baby_names",
    years="2001-2003",
    why="The warehouse cannot answer now",
    what_to_do="babynames doctor",
    run_id="0a1b",
    link="https://dagster.example/runs/0a1b",
    opened_at="2026-11-24T02:00:00+00:00",
    times_seen=2,
    environment="production",
)


def outgoing(number: int = 7, **changes: object) -> Outgoing:
    """The message on its way, with some fields changed."""
    return Outgoing(number, replace(MESSAGE, **changes))  # type: ignore[arg-type]  # fields of the message, by name


def news(why: str = "the disk is full", kind: Kind = "failed_runs") -> News:
    """What is wrong with the table."""
    return News(kind, "warehouse/baby_names failed", "warehouse/baby_names", why, "make room", "0a1b", "/runs/0a1b")


def bad(*years: int, key: str = KEY, why: str = "the disk is full", kind: Kind = "failed_runs") -> Sighting:
    """It was seen failing."""
    return Sighting(key, frozenset(str(year) for year in years), news(why, kind))


def good(*years: int, key: str = KEY) -> Sighting:
    """It was seen well."""
    return Sighting(key, frozenset(str(year) for year in years), None)


@dataclass
class Listener:
    """A channel that takes everything, or raises what it is told to, once each."""

    heard: list[Outgoing] = field(default_factory=list)
    errors: list[BabynamesError] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> str:
        """Listen."""
        if self.errors:
            raise self.errors.pop(0)
        self.heard.append(outgoing)
        return "heard"


def route(name: str = "slack", kinds: frozenset[Kind] = ALL, *, always: bool = False) -> Route:
    """A channel that listens."""
    return Route(name, kinds, always, Listener())


def notifier(
    engine: Engine,
    routes: Sequence[Route] | None = None,
    *,
    hours: float = 24,
    tell_when_resolved: bool = True,
    secrets: Sequence[str] = (),
) -> Notifier:
    """A notifier of an installation whose UI has an address."""
    terms = Terms("test", "https://dagster.example/", dt.timedelta(hours=hours), tell_when_resolved, secrets)
    return Notifier(engine, [route()] if routes is None else routes, terms)


def stored(engine: Engine) -> list[StoredDelivery]:
    """The messages, the oldest first."""
    with connect(engine) as connection:
        return delivery_reviews.deliveries(connection)[::-1]


def told(engine: Engine) -> list[tuple[str, str]]:
    """What was told: channel and event, the oldest first."""
    return [(one.channel, one.event) for one in stored(engine)]
