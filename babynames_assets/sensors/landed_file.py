"""A file in the landing folder."""

import time
from dataclasses import replace

import dagster as dg

from babynames_assets.assets import raw
from babynames_assets.automation.landing_watch import LandingWatch, is_here
from babynames_assets.automation.requests import Asked
from babynames_assets.ingest.landing import newest_landed_file
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.priorities import NEW_DATA
from babynames_assets.sensors.switch import OFF
from babynames_assets.sensors.under_way import is_materialized_by, unfinished_runs
from babynames_assets.setting_groups import AutomationSettings
from babynames_assets.settings import Settings


@dg.sensor(
    target=dg.AssetSelection.assets(raw.KEY),
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A file lies in the landing folder, did not change between two looks, and is not the current raw file.",
)
def landed_file(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings], raw_files: dg.ResourceParam[RawFiles]
) -> dg.SensorResult | dg.SkipReason:
    """Request raw/baby_names_csv for a file that was dropped."""
    if not settings.begins_by_itself:
        return dg.SkipReason(OFF)
    landed = newest_landed_file(settings.landing_folder)
    before = LandingWatch.from_cursor(context.cursor)
    watch = before.look(landed)
    if landed is None or is_here(landed, raw_files.current()):
        return _nothing(
            replace(watch, asked=None), "No file that is not the current raw file lies in the landing folder."
        )
    if watch.seen != before.seen:
        return _nothing(watch, f"{landed.path.name} is new or still changing; it is taken when it has settled.")
    return _request(context.instance, watch, settings.automation)


def _request(instance: dg.DagsterInstance, watch: LandingWatch, terms: AutomationSettings) -> dg.SensorResult:
    now = time.time()
    if is_materialized_by(unfinished_runs(instance), raw.KEY):
        asked = watch.asked.seen_under_way(now) if watch.asked else None
        return _nothing(replace(watch, asked=asked), "raw/baby_names_csv is being materialized.")
    if watch.asked and watch.asked.of == watch.seen and _has_succeeded(instance, watch.asked):
        # Its content is kept from an equal file, and keeps the moment of that one.
        return _nothing(replace(watch, taken=watch.seen, asked=None), f"{watch.seen} is here.")
    request = watch.request(now, terms)
    if request is None:
        return _nothing(watch, f"{watch.seen}: {watch.asked.said(terms) if watch.asked else 'taken already'}.")
    run = dg.RunRequest(run_key=_key(request), asset_selection=[raw.KEY], tags=NEW_DATA)
    return dg.SensorResult(run_requests=[run], cursor=replace(watch, asked=request).as_cursor())


def _nothing(watch: LandingWatch, reason: str) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=reason, cursor=watch.as_cursor())


def _key(request: Asked) -> str:
    return f"{request.of}, try {request.tries}"


def _has_succeeded(instance: dg.DagsterInstance, asked: Asked) -> bool:
    runs = instance.get_runs(filters=dg.RunsFilter(tags={"dagster/run_key": _key(asked)}), limit=1)
    return bool(runs) and runs[0].is_success
