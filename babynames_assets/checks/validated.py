"""Checks of validated/baby_names: what fails one does not reach the table."""

from collections.abc import Iterator

import dagster as dg

from babynames_assets.assets import validated as validated_assets
from babynames_assets.checks.declared import Declared, results, specs
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.loading.sources import require_current, scan_raw
from babynames_assets.partitions import checked_years
from babynames_assets.quality.frames import check_frames
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine

DECLARED = (
    Declared(
        "columns_and_types_are_as_declared",
        "Each year's Parquet file can be read, and has the columns year, sex, name and births in their types.",
        is_blocking=True,
    ),
    Declared("no_value_is_null", "No row of a frame has a null.", is_blocking=True),
    Declared(
        "no_key_is_there_twice",
        "The rows of a frame ascend by year, sex and name, so that no key is there twice.",
        is_blocking=True,
    ),
    Declared("sex_is_f_or_m", "The sex of every row is F or M.", is_blocking=True),
    Declared("each_row_is_of_its_year", "Every row of a year's frame is of that year.", is_blocking=True),
    Declared("births_are_counts", "The births of every row are a whole number from 1.", is_blocking=True),
    Declared(
        "rejected_lines_are_few",
        "Of no year more than BABYNAMES_QUALITY__MAX_REJECTED_SHARE of the lines are rejected.",
        is_blocking=True,
    ),
    Declared(
        "every_line_is_accounted_for",
        "lines = header + valid + merged + duplicates + rejected: counted in the file, in what reading it left, and in "
        "the ledger.",
        is_blocking=True,
    ),
    Declared(
        "the_frames_equal_the_file",
        "The rows and births of each frame are those that reading the file counted.",
        is_blocking=True,
    ),
    Declared(
        "each_year_is_complete",
        "A year has at least BABYNAMES_QUALITY__MIN_SHARE_OF_YEAR_BEFORE of the rows of the year before, and "
        "BABYNAMES_QUALITY__MIN_SHARE_OF_LAST_LOAD of those that the ledger says the table holds of it.",
        is_blocking=True,
    ),
    Declared(
        "totals_follow_the_years_around",
        "Births change with the rows as they do in the years around: by no more than BABYNAMES_QUALITY__MAX_Z robust "
        "standard deviations.",
        severity=dg.AssetCheckSeverity.WARN,
    ),
)


@dg.multi_asset_check(name="validated_baby_names_checks", specs=specs(validated_assets.KEY, DECLARED), can_subset=True)
def frame_checks(
    context: dg.AssetCheckExecutionContext,
    settings: dg.ResourceParam[Settings],
    raw_files: dg.ResourceParam[RawFiles],
    frames: dg.ResourceParam[FrameStore],
    warehouse: dg.ResourceParam[Engine],
) -> Iterator[dg.AssetCheckResult]:
    """Read the frames of the run's years once, and hold them to all of the above."""
    file = require_current(raw_files)
    scan = scan_raw(file, settings)
    verdicts = check_frames(warehouse, frames, file, scan, checked_years(context), settings.quality)
    yield from results(context, validated_assets.KEY, DECLARED, verdicts, warehouse)
