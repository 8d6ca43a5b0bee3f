"""validated/baby_names: the frame of each year, every row of it checked."""

import dagster as dg

from babynames_assets.assets import raw
from babynames_assets.assets.descriptions import COLUMNS, OWNERS, described, lineage_from_file, preview, with_sources
from babynames_assets.ingest.frame_summary import summarize
from babynames_assets.ingest.frames import FrameStore, StoredFrame
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.loading.books import record_file
from babynames_assets.loading.frames import publish_years
from babynames_assets.loading.sources import columns_of, require_current, scan_raw
from babynames_assets.observability.progress import Progress
from babynames_assets.partitions import tell_of_year, yearly_asset, years_of
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine

KEY = dg.AssetKey(["validated", "baby_names"])


@yearly_asset(
    key=KEY,
    group_name="validated",
    kinds={"polars", "pandera", "parquet"},
    owners=OWNERS,
    tags={"data": "public-statistics", "writes-to": "disk"},
    deps=[raw.KEY],
    metadata={"dagster/column_schema": COLUMNS},
    description=described(
        "The validated frame of each year, as Parquet. The file is read once, whatever years are asked for. Each line "
        "is valid, a duplicate, or rejected with its line number and reasons; rejected lines go to the dead letters. "
        "`lines = header + valid + merged + duplicates + rejected`, and the ledger keeps those counts.\n\n"
        "See the rejected lines with `babynames dead-letters list --service import`.",
        "guarantees/every-line-is-accounted-for.md",
        "guides/rejected-lines.md",
        "guides/backfills.md",
    ),
)
def baby_names(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    raw_files: dg.ResourceParam[RawFiles],
    frames: dg.ResourceParam[FrameStore],
    warehouse: dg.ResourceParam[Engine],
) -> dg.MaterializeResult:
    """Read the current raw file once and publish the frames of the years asked for."""
    file = require_current(raw_files)
    scan = scan_raw(file, settings, say=context.log.info)
    record_file(warehouse, file, scan)
    years = years_of(context)
    progress = Progress("years published", len(years), of="rows", say=context.log.info)

    def report(stored: StoredFrame) -> None:
        tell_of_year(context, KEY, stored.year, _describe(stored))
        progress.add(1, amount=stored.provenance.valid)

    publish_years(frames, file, scan, years, on_published=report)
    lineage = lineage_from_file(columns_of(file, settings), raw.KEY)
    return dg.MaterializeResult(
        metadata={
            "source_version": file.version,
            "file_lines": scan.lines,
            "dagster/column_schema": with_sources(COLUMNS, lineage),
            "dagster/column_lineage": lineage,
        }
    )


def _describe(stored: StoredFrame) -> dict[str, dg.MetadataValue]:
    found, summary = stored.provenance, summarize(stored.path)
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(found.valid),
        "births": dg.MetadataValue.int(summary.births),
        "lines": dg.MetadataValue.int(found.lines),
        "rejected": dg.MetadataValue.int(found.rejected),
        "duplicates": dg.MetadataValue.int(found.duplicates),
        "merged": dg.MetadataValue.int(found.merged),
        "preview": preview(summary.top),
        "digest": dg.MetadataValue.text(found.digest),
        "dagster/uri": dg.MetadataValue.path(str(stored.path)),
    }
