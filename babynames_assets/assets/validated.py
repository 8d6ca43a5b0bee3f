"""validated/baby_names: the frame of each year, every row of it checked."""

import dagster as dg

from babynames_assets.assets import raw
from babynames_assets.assets.descriptions import COLUMNS, preview
from babynames_assets.ingest.frames import FrameStore, StoredFrame
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.loading.books import record_file
from babynames_assets.loading.frames import publish_years
from babynames_assets.loading.sources import require_current, scan_raw
from babynames_assets.observability.progress import Progress
from babynames_assets.partitions import yearly_asset, years_of
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine

KEY = dg.AssetKey(["validated", "baby_names"])


@yearly_asset(
    key=KEY,
    group_name="validated",
    kinds={"polars", "pandera", "parquet"},
    owners=["team:data-engineering"],
    deps=[raw.KEY],
    metadata={"dagster/column_schema": COLUMNS},
    description=(
        "The validated frame of each year, as Parquet. The file is read once, whatever years are asked for. Each line "
        "is valid, a duplicate, or rejected with its line number and reasons; rejected lines go to the dead letters. "
        "lines = header + valid + merged + duplicates + rejected, and the ledger keeps those counts."
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
        context.add_asset_metadata(_describe(stored), asset_key=KEY, partition_key=str(stored.year))
        progress.add(1, amount=stored.provenance.valid)

    publish_years(frames, file, scan, years, on_published=report)
    return dg.MaterializeResult(
        metadata={
            "source_version": file.version,
            "file_lines": scan.lines,
            "preview": preview(frames.get(years[-1]).read()),
        }
    )


def _describe(stored: StoredFrame) -> dict[str, dg.MetadataValue]:
    found = stored.provenance
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(found.valid),
        "lines": dg.MetadataValue.int(found.lines),
        "rejected": dg.MetadataValue.int(found.rejected),
        "duplicates": dg.MetadataValue.int(found.duplicates),
        "merged": dg.MetadataValue.int(found.merged),
        "digest": dg.MetadataValue.text(found.digest),
        "dagster/uri": dg.MetadataValue.path(str(stored.path)),
    }
