"""Messages that wait: they are sent beside the ticks, so that a slow receiver keeps no tick waiting."""

import dagster as dg

from babynames_assets.clients import open_warehouse
from babynames_assets.notifications.delivery import Courier
from babynames_assets.notifications.opening import backoff, open_routes
from babynames_assets.settings import Settings, load_settings
from babynames_assets.warehouse import deliveries
from babynames_assets.warehouse.engine import Engine, connect

_WAIT_SECONDS = 2.0
"""What is quick is sent when the tick ends, and the tick can say so."""

courier = Courier(lambda: open_warehouse(load_settings()))
"""It outlives a tick, as its threads do: both end with the code server."""


@dg.sensor(
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Messages wait to be sent: to a chat, by e-mail, to PagerDuty, to a webhook.",
)
def notifications_due(settings: dg.ResourceParam[Settings], warehouse: dg.ResourceParam[Engine]) -> dg.SkipReason:
    """Begin to send what is due, and wait a little for it."""
    routes = open_routes(settings.notifications)
    with connect(warehouse) as connection:
        due = deliveries.due_channels(connection)
    wanted = [route for route in routes if route.name in due]
    if not wanted:
        return dg.SkipReason("No message is due." if routes else "No channel is configured: nothing is sent.")
    courier.send(wanted, backoff(settings.notifications))
    busy = courier.wait(_WAIT_SECONDS)
    names = ", ".join(route.name for route in wanted)
    return dg.SkipReason(f"Messages for {names} were due; still being sent: {', '.join(busy) or 'none'}.")
