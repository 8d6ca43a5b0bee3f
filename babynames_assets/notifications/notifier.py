"""From what was seen to the messages about it: one when a thing goes wrong, none while it stays, one when it is over.

An incident and the messages about it are one transaction, so that each is told once, whichever process sees it first.
Sending them is for ``delivery.py``.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace

import structlog

from babynames_assets.notifications.channels import Route
from babynames_assets.notifications.masking import first_line, masked
from babynames_assets.notifications.news import Event, Message, News, moment_text, years_text
from babynames_assets.notifications.sightings import Change, Sighting, judge, remind
from babynames_assets.warehouse import clock, deliveries, delivery_reviews, incidents
from babynames_assets.warehouse.deliveries import NewDelivery
from babynames_assets.warehouse.engine import Connection, Engine, connect, run_in_transaction
from babynames_assets.warehouse.incidents import Incident

KEPT_DAYS = 90
"""How long a message is kept after it was sent."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Terms:
    """How this installation tells.

    Attributes:
        environment: its name.
        ui_url: address of Dagster's UI, None where it is not known.
        remind_after: how long a trouble lasts before it is told again.
        tell_when_resolved: whether its end is told to those who are not told always.
        secrets: cut out of every text.
    """

    environment: str
    ui_url: str | None
    remind_after: dt.timedelta
    tell_when_resolved: bool
    secrets: Sequence[str] = ()

    def __repr__(self) -> str:
        return f"Terms(environment={self.environment!r})"


class Notifier:
    """Keeps the incidents, and enters the messages about them."""

    def __init__(self, engine: Engine, routes: Sequence[Route], terms: Terms) -> None:
        self._engine, self._routes, self._terms = engine, routes, terms

    def saw(self, sightings: Iterable[Sighting]) -> list[Change]:
        """Bring the incidents to what was seen, the oldest first; returns what changed in what is told."""
        by_key: defaultdict[str, list[Sighting]] = defaultdict(list)
        for sighting in sightings:
            by_key[sighting.key].append(replace(sighting, news=sighting.news and self._masked(sighting.news)))
        with connect(self._engine) as connection:
            is_open = incidents.are_open(connection, by_key)
        # Most of what is seen is well and was so before: that costs no transaction.
        meant = {key: seen for key, seen in by_key.items() if key in is_open or any(one.news for one in seen)}
        if not meant:
            return []
        return _logged(run_in_transaction(self._engine, lambda connection: self._saw(connection, meant)))

    def tell_once(self, key: str, news: News) -> bool:
        """Tell something that is no trouble, unless it was told before; returns whether it was not."""
        with connect(self._engine) as connection:
            if incidents.are_known(connection, [key]):
                return False
        clean = self._masked(news)
        return run_in_transaction(self._engine, lambda connection: self._tell_once(connection, key, clean))

    def close(self, key: str) -> bool:
        """End an incident by a person's word; returns whether it was open."""
        with connect(self._engine) as connection:
            found = {one.incident_key: one for one in incidents.open_incidents(connection)}
        return key in found and bool(self.saw(Sighting(key, frozenset({year}), None) for year in found[key].reach))

    def remind(self) -> list[Change]:
        """Tell again what lasts for long or has become wider, and forget old messages."""
        with connect(self._engine) as connection:
            moment = clock.moment(connection)
            keys = [one.incident_key for one in incidents.open_incidents(connection) if self._reminder(one, moment)]
        if not keys:
            return []
        return _logged(run_in_transaction(self._engine, lambda connection: self._remind(connection, keys)))

    def forget(self) -> int:
        """Delete messages that were settled long ago; returns how many."""
        return run_in_transaction(
            self._engine, lambda connection: delivery_reviews.forget_settled(connection, days=KEPT_DAYS)
        )

    def message(self, incident: Incident, event: Event) -> Message:
        """What a channel gets about an incident."""
        news = News(**incident.news)
        link = f"{self._terms.ui_url.rstrip('/')}{news.path}" if self._terms.ui_url and news.path else None
        return Message(
            event=event,
            kind=news.kind,
            key=incident.incident_key,
            title=news.title,
            where=news.where,
            years=years_text(incident.reach or incident.told_reach),
            why=news.why,
            what_to_do=news.what_to_do,
            run_id=news.run_id,
            link=link,
            opened_at=moment_text(incident.opened_at),
            times_seen=incident.times_seen,
            environment=self._terms.environment,
        )

    def _masked(self, news: News) -> News:
        """News as they may be kept and told: without secrets, each in one line."""
        secrets = self._terms.secrets
        title, where, why = (first_line(masked(text, secrets)) for text in (news.title, news.where, news.why))
        return replace(news, title=title, where=where, why=why, what_to_do=masked(news.what_to_do, secrets))

    def _saw(self, connection: Connection, by_key: dict[str, list[Sighting]]) -> list[Change]:
        kinds = {key: one.news.kind for key, seen in by_key.items() for one in seen if one.news}
        incidents.make(connection, kinds)
        moment = clock.moment(connection)
        found = incidents.locked(connection, by_key)
        return [self._keep(connection, judge(found[key], seen, moment)) for key, seen in by_key.items() if key in found]

    def _tell_once(self, connection: Connection, key: str, news: News) -> bool:
        incidents.make(connection, {key: news.kind})
        moment = clock.moment(connection)
        incident = incidents.locked(connection, [key])[key]
        if incident.times_seen:
            return False  # another process was quicker
        told = replace(incident, news=asdict(news), opened_at=moment, told_at=moment, last_seen_at=moment, times_seen=1)
        self._keep(connection, Change(incident, replace(told, resolved_at=moment), "opened"))
        return True

    def _remind(self, connection: Connection, keys: Sequence[str]) -> list[Change]:
        moment = clock.moment(connection)
        found = [one for one in incidents.locked(connection, keys).values() if one.is_open]
        return [self._keep(connection, change) for one in found if (change := self._reminder(one, moment))]

    def _reminder(self, incident: Incident, moment: dt.datetime) -> Change | None:
        change = remind(incident, incident, moment, every=self._terms.remind_after)
        return change if change.event else None

    def _keep(self, connection: Connection, change: Change) -> Change:
        incidents.save(connection, change.after)
        if change.kind_has_changed:
            self._tell_of_a_new_kind(connection, change)
        elif change.event:
            self._enqueue(connection, change.after, change.event, self._told_of(change.after.kind, change.event))
        return change

    def _tell_of_a_new_kind(self, connection: Connection, change: Change) -> None:
        now, before = self._told_of(change.after.kind, "opened"), self._told_of(change.before.kind, "resolved")
        self._enqueue(connection, change.after, "opened", now)
        no_more = [route for route in before if route not in now]
        self._enqueue(connection, change.before, "resolved", no_more)

    def _told_of(self, kind: str, event: Event) -> list[Route]:
        routes = [route for route in self._routes if kind in route.kinds]
        if event == "resolved" and not self._terms.tell_when_resolved:
            routes = [route for route in routes if route.is_always_told_of_ends]
        return routes

    def _enqueue(self, connection: Connection, incident: Incident, event: Event, routes: Sequence[Route]) -> None:
        message = self.message(incident, event).as_json()
        deliveries.enqueue(connection, [NewDelivery(incident.id, route.name, event, message) for route in routes])


def _logged(changes: list[Change]) -> list[Change]:
    told = [change for change in changes if change.event or change.kind_has_changed]
    for change in told:
        after = change.after
        _log.info(
            f"incident_{change.event or 'changed'}", key=after.incident_key, kind=after.kind, times=after.times_seen
        )
    return told
