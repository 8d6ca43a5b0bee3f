"""The four assets of the graph without their work: what remains is Dagster's own."""

import dagster as dg

from babynames_assets.instance.executor import watched_in_process_executor
from babynames_assets.partitions import tell_of_year, yearly_asset, years_of

_NUMBERS = {"dagster/partition_row_count": 1, "lines": 1, "rejected": 0, "duplicates": 0, "merged": 0}


@dg.asset(key=["raw", "baby_names_csv"])
def raw() -> None:
    """One file, which is not read."""


def _yearly(place: str, thing: str, upstream: dg.AssetKey, pool: str | None = None) -> dg.AssetsDefinition:
    key = dg.AssetKey([place, thing])

    @yearly_asset(key=key, deps=[upstream], pool=pool)
    def empty(context: dg.AssetExecutionContext) -> None:
        """Numbers of each year, as the real ones have."""
        for year in years_of(context):
            tell_of_year(context, key, year, _NUMBERS)

    return empty


validated = _yearly("validated", "baby_names", raw.key)
warehouse = _yearly("warehouse", "baby_names", validated.key, "warehouse")
contacts = _yearly("hubspot", "contacts", warehouse.key, "hubspot")


@dg.asset_check(asset=contacts)
def holds() -> dg.AssetCheckResult:
    """One check."""
    return dg.AssetCheckResult(passed=True)


@dg.asset_check(asset=contacts)
def is_small() -> dg.AssetCheckResult:
    """And another one."""
    return dg.AssetCheckResult(passed=True)


defs = dg.Definitions(
    assets=[raw, validated, warehouse, contacts],
    asset_checks=[holds, is_small],
    executor=watched_in_process_executor,
)
