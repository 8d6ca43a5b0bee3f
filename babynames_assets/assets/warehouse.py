"""warehouse/baby_names: the table, one partition a year."""

from dataclasses import asdict
from typing import Any

import dagster as dg

from babynames_assets.assets import validated
from babynames_assets.assets.descriptions import COLUMNS, OWNERS, described, lineage_unchanged, preview, with_sources
from babynames_assets.ingest.frame_summary import summarize
from babynames_assets.ingest.frames import FrameStore, StoredFrame
from babynames_assets.loading.years import LoadOptions, load_years
from babynames_assets.observability.progress import Progress
from babynames_assets.partitions import tell_of_year, yearly_asset, years_of
from babynames_assets.settings import Settings
from babynames_assets.warehouse.baby_names import LoadCounts
from babynames_assets.warehouse.engine import Engine, describe
from babynames_assets.warehouse.partitioning import ensure_years

KEY = dg.AssetKey(["warehouse", "baby_names"])
LINEAGE = lineage_unchanged(validated.KEY)


@yearly_asset(
    key=KEY,
    group_name="warehouse",
    kinds={"mysql", "table"},
    owners=OWNERS,
    tags={"data": "public-statistics", "writes-to": "database"},
    deps=[validated.KEY],
    pool="warehouse",
    metadata={"dagster/column_schema": with_sources(COLUMNS, LINEAGE), "dagster/table_name": "baby_names"},
    description=described(
        "The table that mirrors the validated frames, brought to them by difference: new rows inserted, changed ones "
        "updated, gone ones deleted, the rest not written. Each year is one transaction together with its ledger row. "
        "A load that would delete too much of a year is refused.\n\n"
        "Count it all again, from the bytes of the file to the table, with `babynames verify`.",
        "guarantees/the-table-equals-the-file.md",
        "guarantees/a-source-never-empties-a-table.md",
        "guides/verify.md",
    ),
)
def baby_names(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    frames: dg.ResourceParam[FrameStore],
    warehouse: dg.ResourceParam[Engine],
) -> dg.MaterializeResult:
    """Bring the years asked for to their validated frames."""
    years = years_of(context)
    ensure_years(warehouse, years[0], years[-1])
    progress = Progress("years loaded", len(years), of="rows", say=context.log.info)

    def report(year: int, counts: LoadCounts) -> None:
        tell_of_year(context, KEY, year, _describe(frames.get(year), counts))
        progress.add(1, amount=counts.rows)

    options = LoadOptions(
        max_delete_share=settings.warehouse.max_delete_share,
        connections=settings.warehouse.load_connections,
        compare_always=settings.warehouse.compare == "always",
    )
    load_years(warehouse, frames, years, run_id=context.run.run_id, options=options, on_loaded=report)
    return dg.MaterializeResult(metadata={"server": describe(warehouse), "dagster/column_lineage": LINEAGE})


def _describe(stored: StoredFrame, counts: LoadCounts) -> dict[str, Any]:
    summary = summarize(stored.path)
    return {
        "dagster/partition_row_count": counts.rows,
        "births": summary.births,
        **asdict(counts),
        "preview": preview(summary.top),
    }
