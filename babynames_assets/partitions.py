"""The year partitions, which grow when data for a new year arrives.

Dagster keeps dynamic partitions in the order in which they were added and takes a range by that order, so this module
keeps them contiguous and ascending: ``docs/decisions/0003-dynamic-year-partitions.md``.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

from babynames_assets.step_failures import TRIED_AGAIN, lasting_failures_end

_NAME = "years"
YEARS = dg.DynamicPartitionsDefinition(name=_NAME)


def yearly_asset(**options: Any) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """``dg.asset`` for an asset with a partition a year, of which any range is one run, and failures are told apart.

    Args:
        options: those of ``dg.asset``.
    """
    with warnings.catch_warnings():
        # Backfill policies have been marked beta since 2023; that is no news for whoever loads the code location.
        warnings.simplefilter("ignore", dg.BetaWarning)
        decorator: Callable[..., dg.AssetsDefinition] = dg.asset(
            partitions_def=YEARS, backfill_policy=dg.BackfillPolicy.single_run(), retry_policy=TRIED_AGAIN, **options
        )
    return lambda step: decorator(lasting_failures_end(step))


def add_years(instance: dg.DagsterInstance, first: int, last: int) -> list[int]:
    """Make a partition of every year from the first to the last, and return those that are new.

    A crash half-way leaves years out, never in a wrong order; the next call adds them.

    Args:
        instance: where the keys are stored.
        first: the earliest year that the installation accepts.
        last: the newest year of the data.
    """
    known = {int(key) for key in instance.get_dynamic_partitions(_NAME)}
    new = [year for year in range(first, last + 1) if year not in known]
    if not new:
        return []
    above = [year for year in sorted(known) if year > new[0]]
    for year in above:
        instance.delete_dynamic_partition(_NAME, str(year))
    instance.add_dynamic_partitions(_NAME, [str(year) for year in sorted({*new, *above})])
    return new


def known_years(instance: dg.DagsterInstance) -> list[int]:
    """The years that have a partition, ascending."""
    return sorted(int(key) for key in instance.get_dynamic_partitions(_NAME))


def range_tags(first: int, last: int) -> dict[str, str]:
    """The tags of a run of all years from the first to the last."""
    return {"dagster/asset_partition_range_start": str(first), "dagster/asset_partition_range_end": str(last)}


def tagged_years(tags: Mapping[str, str]) -> frozenset[str]:
    """The years of a run, by its tags; none for a run without partitions."""
    if one := tags.get("dagster/partition"):
        return frozenset({one})
    first, last = (tags.get(f"dagster/asset_partition_range_{end}") for end in ("start", "end"))
    return frozenset(str(year) for year in range(int(first), int(last) + 1)) if first and last else frozenset()


def years_of(context: dg.AssetExecutionContext) -> list[int]:
    """The years that this run was asked for, ascending."""
    return sorted(int(key) for key in context.partition_keys)


def tell_of_year(context: dg.AssetExecutionContext, key: dg.AssetKey, year: int, metadata: Mapping[str, Any]) -> None:
    """``context.add_asset_metadata`` for one year of a run that has many.

    Dagster's own asks its storage three times, for each year, whether the run has it: five seconds of a run of two
    assets and 145 years with SQLite files.

    Args:
        context: of the step.
        key: the asset that the step makes.
        year: one of ``years_of(context)``.
        metadata: as Dagster takes it.
    """
    step = context.get_step_execution_context()
    told = step._metadata_accumulator  # noqa: SLF001 - Dagster has no other way in
    step._metadata_accumulator = told.with_additional_asset_metadata(key, str(year), metadata)  # noqa: SLF001


def checked_years(context: dg.AssetCheckExecutionContext) -> list[int] | None:
    """The years of the run that a check belongs to, ascending; None for a check that is run alone, of all years."""
    try:
        return sorted(int(key) for key in context.partition_keys)
    except dg.DagsterInvariantViolationError:
        return None
