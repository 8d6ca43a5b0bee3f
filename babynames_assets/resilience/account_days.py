"""The days of an account: from midnight to midnight in its time zone, a minute later.

Whoever counts the calls has a clock of its own. A call that we make in the first second of a new day may belong to the
old day there, be refused, and so end a day that has not begun. The minute keeps two clocks that differ by less from
disagreeing on the day.
"""

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

LATER = dt.timedelta(minutes=1)


def is_known(time_zone: str | None) -> bool:
    """Whether this machine knows the time zone."""
    return _zone(time_zone) is not None


def day_of(moment: dt.datetime, time_zone: str | None) -> dt.date:
    """The account's day at a moment.

    Args:
        moment: with its zone.
        time_zone: IANA name; days are UTC's for one that is not known.
    """
    return (moment - LATER).astimezone(_zone(time_zone) or dt.UTC).date()


def next_day_begins(moment: dt.datetime, time_zone: str | None) -> dt.datetime:
    """When the account's day after the one of a moment begins, in UTC.

    Args:
        moment: with its zone.
        time_zone: as for ``day_of``.
    """
    tomorrow = day_of(moment, time_zone) + dt.timedelta(days=1)
    midnight = dt.datetime.combine(tomorrow, dt.time(), tzinfo=_zone(time_zone) or dt.UTC)
    return midnight.astimezone(dt.UTC) + LATER


def _zone(time_zone: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(time_zone) if time_zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
