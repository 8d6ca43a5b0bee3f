"""The account that a token belongs to."""

from dataclasses import dataclass
from typing import cast

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


def read_account(transport: Transport, paths: Paths) -> Account:
    """Ask HubSpot whose token this is."""
    details = cast("AccountDetails", transport.call("GET", paths.account).body)
    return Account(
        portal_id=int(details.get("portalId", 0)),
        ui_domain=details.get("uiDomain", "app.hubspot.com"),
        time_zone=details.get("timeZone", "UTC"),
    )
