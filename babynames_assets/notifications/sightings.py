"""What was seen of a thing, good or bad, and what that makes of its incident. Pure: no database, no clock."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from babynames_assets.notifications.news import AS_A_WHOLE, Event, News
from babynames_assets.warehouse.incidents import Incident

WIDER_AFTER = dt.timedelta(hours=1)
"""An incident that reaches further years is told again, but not sooner: a hundred failing runs are one message."""


@dataclass(frozen=True)
class Sighting:
    """A thing was found wrong, or well.

    Attributes:
        key: of the incident.
        years: which years of it; empty for a thing without years.
        news: what is wrong; None when it is well.
    """

    key: str
    years: frozenset[str]
    news: News | None

    @property
    def reach(self) -> frozenset[str]:
        """What this says something about."""
        return self.years or frozenset({AS_A_WHOLE})


@dataclass(frozen=True)
class Change:
    """What becomes of an incident, and what is to be told.

    Attributes:
        before: the incident as it was.
        after: the incident as it is.
        event: what is told; None for nothing.
    """

    before: Incident
    after: Incident
    event: Event | None

    @property
    def kind_has_changed(self) -> bool:
        """A warning has become an error, or the reverse: others want to know of it."""
        return self.before.is_open and self.after.is_open and self.before.kind != self.after.kind


def judge(incident: Incident, seen: Sequence[Sighting], moment: dt.datetime) -> Change:
    """What some sightings, the oldest first, make of an incident.

    What was wrong and well again before anybody was told is not told.
    """
    reach = incident.reach if incident.is_open else frozenset[str]()
    for one in seen:
        reach = reach | one.reach if one.news else reach - one.reach
    bad = [one.news for one in seen if one.news]
    if not reach:
        over = replace(incident, reach=reach, resolved_at=moment)
        return Change(incident, over if incident.is_open else incident, "resolved" if incident.is_open else None)
    after = replace(incident, reach=reach)
    if bad:
        after = replace(after, kind=bad[-1].kind, news=asdict(bad[-1]), last_seen_at=moment)
        after = replace(after, times_seen=incident.times_seen * incident.is_open + len(bad))
    if not incident.is_open:
        opened = replace(after, opened_at=moment, told_at=moment, told_reach=reach, resolved_at=None)
        return Change(incident, opened, "opened")
    return remind(incident, after, moment, every=None)


def remind(before: Incident, after: Incident, moment: dt.datetime, *, every: dt.timedelta | None) -> Change:
    """Whether an incident that lasts is told again: after some time, or because it has become wider."""
    since_told = moment - after.told_at
    is_wider = bool(after.reach - after.told_reach) and since_told >= WIDER_AFTER
    if is_wider or (every is not None and since_told >= every):
        return Change(before, replace(after, told_at=moment, told_reach=after.reach), "reminded")
    return Change(before, after, None)
