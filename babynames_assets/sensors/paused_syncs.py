"""Syncs that were paused: a new day has begun, and its calls can be spent."""

from collections.abc import Mapping
from datetime import datetime

import dagster as dg

from babynames_assets.assets import hubspot
from babynames_assets.partitions import range_tags
from babynames_assets.priorities import NEW_DATA
from babynames_assets.sensors.under_way import unfinished_runs, years_of_runs
from babynames_assets.warehouse import sync_pauses
from babynames_assets.warehouse.engine import Engine, connect
from babynames_assets.year_ranges import ranges


@dg.sensor(
    target=dg.AssetSelection.assets(hubspot.KEY),
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A new day has begun for years whose sync stopped because the calls of its day were spent.",
)
def paused_syncs(
    context: dg.SensorEvaluationContext, warehouse: dg.ResourceParam[Engine]
) -> dg.SensorResult | dg.SkipReason:
    """Request the years that were paused, once the pause is over: one run for each range without a gap."""
    with connect(warehouse) as connection:
        over = sync_pauses.over(connection)
    if not over:
        return dg.SkipReason("No sync waits for a day that has begun.")
    idle = over.keys() - years_of_runs(unfinished_runs(context.instance))
    if not idle:
        return dg.SkipReason("A run of the years that waited is queued or under way.")
    return dg.SensorResult(run_requests=[_request(first, last, over) for first, last in ranges(idle)])


def _request(first: int, last: int, over: Mapping[int, datetime]) -> dg.RunRequest:
    # The moment in the key: a range that is paused again is another request, and one that has been made is made once.
    until = max(over[year] for year in range(first, last + 1))
    tags = range_tags(first, last) | NEW_DATA
    return dg.RunRequest(run_key=f"{first}-{last} after {until.isoformat()}", tags=tags)
