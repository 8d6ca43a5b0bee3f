"""A new version of the dataset on Kaggle."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg

from babynames_assets.assets import raw
from babynames_assets.automation.kaggle_watch import KaggleWatch, is_here
from babynames_assets.ingest.kaggle import KaggleDatasets
from babynames_assets.ingest.landing import newest_landed_file
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.priorities import NEW_DATA
from babynames_assets.sensors.switch import OFF
from babynames_assets.sensors.under_way import is_materialized_by, unfinished_runs
from babynames_assets.settings import Settings


@dg.sensor(
    target=dg.AssetSelection.assets(raw.KEY),
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=(
        "The dataset has another version than the current raw file. Kaggle is asked every "
        "BABYNAMES_AUTOMATION__KAGGLE_SECONDS, less often while it fails, and never for longer than four seconds."
    ),
)
def new_kaggle_version(
    context: dg.SensorEvaluationContext,
    settings: dg.ResourceParam[Settings],
    kaggle_watch: dg.ResourceParam[KaggleDatasets],
    raw_files: dg.ResourceParam[RawFiles],
) -> dg.SensorResult | dg.SkipReason:
    """Request raw/baby_names_csv for a version that is not here."""
    if not settings.begins_by_itself:
        return dg.SkipReason(OFF)
    if landed := newest_landed_file(settings.landing_folder):
        return dg.SkipReason(f"Kaggle is not asked while the landing folder holds {landed.path.name}.")
    now, kaggle = time.time(), settings.kaggle
    before = KaggleWatch.from_cursor(context.cursor)
    watch = before.look(lambda: kaggle_watch.latest(kaggle.dataset, kaggle.version), now, settings.automation)
    current = raw_files.current()
    if watch.version is None or is_here(watch.version, current):
        return _nothing(replace(watch, asked=None))
    if is_materialized_by(unfinished_runs(context.instance), raw.KEY):
        asked = watch.asked.seen_under_way(now) if watch.asked else None
        return _nothing(replace(watch, asked=asked), "raw/baby_names_csv is being materialized.")
    request = watch.request(now, settings.automation)
    if request is None:
        when = f"; it is {watch.asked.said(settings.automation)}" if watch.asked else ""
        return _nothing(watch, f"{watch.version} was asked for and is not here{when}.")
    run = dg.RunRequest(
        run_key=f"{request.of}, {now:.0f}, try {request.tries}", asset_selection=[raw.KEY], tags=NEW_DATA
    )
    news = [] if before.version == watch.version else [_as_event(watch.version)]
    return dg.SensorResult(run_requests=[run], cursor=replace(watch, asked=request).as_cursor(), asset_events=news)


def _nothing(watch: KaggleWatch, reason: str | None = None) -> dg.SensorResult:
    if watch.error:
        again = datetime.fromtimestamp(watch.next_look, UTC)
        reason = f"Kaggle did not answer ({watch.failures} times in a row); asked again at {again:%H:%M:%S} UTC. " + (
            watch.error
        )
    return dg.SensorResult(skip_reason=reason or f"{watch.version} is here.", cursor=watch.as_cursor())


def _as_event(version: str) -> dg.AssetMaterialization:
    """Show the version at the external asset."""
    return dg.AssetMaterialization(raw.KAGGLE_DATASET.key, metadata={"version": version})
