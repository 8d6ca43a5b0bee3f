"""Checks of warehouse/baby_names: what fails one is not sent to HubSpot."""

from collections.abc import Iterator

import dagster as dg

from babynames_assets.assets import warehouse as warehouse_assets
from babynames_assets.checks.declared import Declared, results, specs
from babynames_assets.ingest.frames import FrameStore
from babynames_assets.partitions import checked_years
from babynames_assets.quality.table import check_table
from babynames_assets.warehouse.engine import Engine

DECLARED = (
    Declared(
        "the_table_is_as_migrated",
        "The table has the columns, types, collation and key that the migrations made.",
        is_blocking=True,
    ),
    Declared(
        "table_values_are_in_their_domain",
        "In the table the sex of every row is F or M, and its births are a count from 1.",
        is_blocking=True,
    ),
    Declared(
        "the_table_equals_the_frames",
        "The rows and births of each year of the table are those of its validated frame.",
        is_blocking=True,
    ),
    Declared(
        "every_valid_row_is_in_the_table",
        "valid = table: each year has as many rows as the ledger says that its last load left.",
        is_blocking=True,
    ),
)


@dg.multi_asset_check(name="warehouse_baby_names_checks", specs=specs(warehouse_assets.KEY, DECLARED), can_subset=True)
def table_checks(
    context: dg.AssetCheckExecutionContext,
    frames: dg.ResourceParam[FrameStore],
    warehouse: dg.ResourceParam[Engine],
) -> Iterator[dg.AssetCheckResult]:
    """Count the run's years of the table once, in the database."""
    verdicts = check_table(warehouse, frames, checked_years(context))
    yield from results(context, warehouse_assets.KEY, DECLARED, verdicts, warehouse)
