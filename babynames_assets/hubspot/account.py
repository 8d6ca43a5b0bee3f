"""The account that a token belongs to."""

import datetime as dt
from dataclasses import dataclass
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babynames_assets.hubspot.paths import Paths
from babynames_assets.hubspot.transport import Transport
from babynames_assets.hubspot.wire import AccountDetails


@dataclass(frozen=True)
class Account:
    """A HubSpot account.

    Attributes:
        portal_id: its number, as in the addresses of its pages.
        ui_domain: host of its pages, for example ``app-eu1.hubspot.com``.
        time_zone: IANA name; the daily allowance is counted anew at midnight there.
    """

    portal_id: int
    ui_domain: str
    time_zone: str

    def next_midnight(self, now: dt.datetime) -> dt.datetime | None:
        """The account's next midnight, or None if this machine does not know the time zone."""
        try:
            zone = ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return None
        tomorrow = now.astimezone(zone).date() + dt.timedelta(days=1)
        return dt.datetime.combine(tomorrow, dt.time(), tzinfo=zone)


def read_account(transport: Transport, paths: Paths) -> Account:
    """Ask HubSpot whose token this is."""
    details = cast("AccountDetails", transport.call("GET", paths.account).body)
    return Account(
        portal_id=int(details.get("portalId", 0)),
        ui_domain=details.get("uiDomain", "app.hubspot.com"),
        time_zone=details.get("timeZone", "UTC"),
    )
