"""Years whose content has changed."""

import time
from collections.abc import Collection

import dagster as dg

from babynames_assets.assets import hubspot, raw, validated, warehouse
from babynames_assets.automation.changed_years import changed_years as find_changed_years
from babynames_assets.automation.changed_years import content_of
from babynames_assets.automation.year_requests import YearRequests
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.loading.sources import known_scan
from babynames_assets.partitions import known_years, range_tags
from babynames_assets.priorities import NEW_DATA
from babynames_assets.sensors.switch import OFF
from babynames_assets.sensors.under_way import is_materialized_by, unfinished_runs, years_of_runs
from babynames_assets.setting_groups import AutomationSettings
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine
from babynames_assets.year_ranges import name_years

_YEARLY = [validated.KEY, warehouse.KEY, hubspot.KEY]


@dg.sensor(
    target=dg.AssetSelection.assets(*_YEARLY),
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "The current raw file has years that the table or HubSpot does not hold yet. Those years alone are requested, "
        "a run for each range without a gap."
    ),
)
def changed_years(
    context: dg.SensorEvaluationContext,
    settings: dg.ResourceParam[Settings],
    raw_files: dg.ResourceParam[RawFiles],
    warehouse: dg.ResourceParam[Engine],
) -> dg.SensorResult | dg.SkipReason:
    """Request the years that are not done, unless a run is at it or has just failed."""
    if not settings.begins_by_itself:
        return dg.SkipReason(OFF)
    # Looked at first: a run that ends in between has then at worst been waited for in vain.
    runs = unfinished_runs(context.instance)
    if is_materialized_by(runs, raw.KEY):
        return dg.SkipReason("raw/baby_names_csv is being materialized; its years are looked at afterwards.")
    current = raw_files.current()
    scan = known_scan(current, settings) if current else None
    if scan is None or not set(scan.years) <= set(known_years(context.instance)):
        return dg.SkipReason("There is no raw file that was read whole; materializing raw/baby_names_csv mends that.")
    changed = find_changed_years(warehouse, scan)
    before = YearRequests.from_cursor(context.cursor)
    under_way = years_of_runs(runs)
    after, ranges = before.next(changed, under_way, time.time(), settings.automation)
    requests = [
        dg.RunRequest(
            run_key=f"{one.first}-{one.last} as {content_of(changed, one.first, one.last)}, {time.time():.0f}",
            tags=range_tags(one.first, one.last) | NEW_DATA,
            asset_selection=_YEARLY,
        )
        for one in ranges
    ]
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if requests else _why_nothing(changed, under_way, after, settings.automation),
        cursor=after.as_cursor(),
    )


def _why_nothing(
    changed: Collection[int], under_way: Collection[int], after: YearRequests, terms: AutomationSettings
) -> str:
    """What is not done, and what it waits for."""
    if not changed:
        return "Every year is done."
    at_it = name_years(year for year in changed if year in under_way)
    waiting = [year for year in changed if year not in under_way]
    sentences = [f"A run is at {at_it}."] if at_it else []
    if waiting:
        next_one = min((after.asked[year] for year in waiting), key=lambda asked: asked.due_at(terms))
        sentences.append(f"Not done: {name_years(waiting)}; {next_one.said(terms)}.")
    return " ".join(sentences)
