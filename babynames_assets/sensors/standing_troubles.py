"""What the tables say by themselves: too many dead letters, a release that is complete, troubles that last."""

import dagster as dg

from babynames_assets.letters.standing import count_open
from babynames_assets.notifications import completion, letters
from babynames_assets.notifications.notifier import Notifier
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine

_COUNTING_SECONDS = 2.0
"""A tick answers within five seconds, and the years that are left are for the next one."""


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Too many dead letters are open, a release is complete, or a trouble lasts: somebody is told.",
)
def standing_troubles(
    context: dg.SensorEvaluationContext,
    settings: dg.ResourceParam[Settings],
    warehouse: dg.ResourceParam[Engine],
    notifier: dg.ResourceParam[Notifier],
) -> dg.SensorResult:
    """Look at the tables, and bring the incidents to them."""
    found = count_open(warehouse, alert_above=settings.dead_letters.alert_above)
    changes = [*notifier.saw([letters.sighting(found)]), *notifier.remind()]
    notifier.forget()
    count, complete = completion.go_on(
        warehouse, completion.begin(context.cursor, warehouse), seconds=_COUNTING_SECONDS
    )
    if complete:
        notifier.tell_once(complete.key, complete.news)
        count = completion.told(count)
    return dg.SensorResult(
        skip_reason=dg.SkipReason(f"{len(changes)} incidents have changed; {found.letters:,} dead letters are open."),
        cursor=count.as_text(),
    )
