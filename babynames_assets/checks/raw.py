"""Checks of raw/baby_names_csv. They ask nothing of the warehouse: a file is taken before there is one."""

import dagster as dg

from babynames_assets.assets import raw as raw_assets
from babynames_assets.checks.results import result
from babynames_assets.ingest.raw_files import RawFiles
from babynames_assets.loading.file_checks import kept_file
from babynames_assets.loading.findings import Finding


@dg.asset_check(
    asset=raw_assets.KEY,
    blocking=True,
    description=(
        "The bytes of the current file are those that were kept: read again, they have its SHA-256. "
        "When it is red: docs/guides/morning-look.md"
    ),
)
def the_kept_file_is_whole(raw_files: dg.ResourceParam[RawFiles]) -> dg.AssetCheckResult:
    """Read the file again."""
    found = kept_file(raw_files)
    if isinstance(found, Finding):
        return result(passed=False, description=f"{found.message} {found.remedy}", metadata={"bytes": 0})
    return result(passed=True, metadata={"bytes": found.bytes, "sha256": found.sha256})
