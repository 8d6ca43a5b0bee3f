"""raw/baby_names_csv: one version of the dataset, as it came."""

import time

import dagster as dg

from babynames_assets.assets.descriptions import OWNERS, described, raw_columns
from babynames_assets.ingest.acquire import acquire
from babynames_assets.ingest.kaggle import KaggleDatasets
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.loading.sources import columns_of, scan_raw
from babynames_assets.partitions import add_years
from babynames_assets.settings import Settings
from babynames_assets.step_failures import TRIED_AGAIN, lasting_failures_end
from babynames_assets.year_ranges import name_years

KEY = dg.AssetKey(["raw", "baby_names_csv"])
KAGGLE_DATASET = dg.AssetSpec(
    ["kaggle", "baby_names"],
    group_name="kaggle",
    kinds={"kaggle"},
    tags={"data": "public-statistics"},
    description=described(
        "The dataset on Kaggle, as `BABYNAMES_KAGGLE__DATASET` names it. A new version appears each year, and revises "
        "earlier years too.",
        "guides/landing-folder.md",
    ),
)


@dg.asset(
    key=KEY,
    group_name="raw",
    kinds={"csv", "file"},
    owners=OWNERS,
    tags={"data": "public-statistics", "writes-to": "disk"},
    deps=[KAGGLE_DATASET],
    retry_policy=TRIED_AGAIN,
    description=described(
        "One version of the dataset: downloaded from Kaggle, or taken from the landing folder; proved whole by size, "
        "digest and magic bytes; unpacked safely; kept unedited under its SHA-256. A version that is already there is "
        "not downloaded again. Years that it brings become partitions.\n\n"
        "When Kaggle is down, drop the file into the landing folder and materialize this asset.",
        "guarantees/every-line-is-accounted-for.md",
        "guides/landing-folder.md",
    ),
)
@lasting_failures_end
def baby_names_csv(
    context: dg.AssetExecutionContext,
    settings: dg.ResourceParam[Settings],
    kaggle: dg.ResourceParam[KaggleDatasets],
    raw_files: dg.ResourceParam[RawFiles],
) -> dg.MaterializeResult:
    """Acquire the newest version, read it through once, and make partitions of its years."""
    started = time.monotonic()
    acquired = acquire(raw_files, kaggle, settings=settings.kaggle, landing_folder=settings.landing_folder)
    scan = scan_raw(acquired.raw, settings, say=context.log.info)
    new_years = add_years(context.instance, settings.ingest.first_year, max(scan.years))
    raw = acquired.raw
    return dg.MaterializeResult(
        data_version=dg.DataVersion(raw.sha256),
        metadata={
            "dagster/row_count": scan.lines - scan.header_lines,
            "dagster/column_schema": raw_columns(columns_of(raw, settings)),
            "dataset": raw.dataset,
            "version": raw.version,
            "origin": raw.origin,
            "is_new": acquired.is_new,
            "sha256": raw.sha256,
            "dagster/uri": str(raw.path),
            "bytes": raw.bytes,
            "archive_bytes": raw.archive_bytes,
            "updated_at": dg.MetadataValue.timestamp(raw.updated_at.timestamp()),
            "lines": scan.lines,
            "rejected": scan.unplaced + sum(counts.rejected for counts in scan.years.values()),
            "duplicates": sum(counts.duplicates for counts in scan.years.values()),
            "births": sum(counts.births for counts in scan.years.values()),
            "years": name_years(scan.years, to=" to "),
            "new_partitions": len(new_years),
            "seconds": round(time.monotonic() - started, 3),
        },
    )
