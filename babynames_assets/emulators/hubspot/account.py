"""The account behind a token, and what it used of its day."""

import datetime as dt
from zoneinfo import ZoneInfo

from babynames_assets.emulators.hubspot.calls import Call
from babynames_assets.emulators.hubspot.limits import TIME_ZONE, DailyCounter
from babynames_assets.emulators.hubspot.rendering import PORTAL_ID, timestamp
from babynames_assets.emulators.hubspot.replies import Reply


def details(call: Call) -> Reply:
    """GET account-info/.../details. The pages for people are on this server, so it names itself as their host."""
    offset = dt.datetime.fromtimestamp(call.now, ZoneInfo(TIME_ZONE)).strftime("%z")
    return Reply(
        200,
        {
            "portalId": PORTAL_ID,
            "accountType": "STANDARD",
            "timeZone": TIME_ZONE,
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": f"{offset[:3]}:{offset[3:]}",
            "utcOffsetMilliseconds": (int(offset[:3]) * 60) * 60_000,
            "uiDomain": call.host,
            "dataHostingLocation": "na1",
        },
    )


def usage(call: Call, daily: DailyCounter) -> Reply:
    """GET account-info/.../api-usage/daily/private-apps."""
    count = {
        "name": "private-apps-api-calls-daily",
        "usageLimit": daily.limit or 0,
        "currentUsage": daily.used,
        "collectedAt": timestamp(call.now),
        "fetchStatus": "SUCCESS",
        "resetsAt": timestamp(daily.resets_at.timestamp()),
    }
    return Reply(200, {"results": [count]})
