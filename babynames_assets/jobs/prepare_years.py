"""``prepare_years_job``: makes the partitions of years that have ended, before their data arrives."""

from datetime import UTC, datetime

import dagster as dg

from babynames_assets.partitions import add_years, known_years
from babynames_assets.priorities import UPKEEP
from babynames_assets.settings import Settings
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.partitioning import ensure_years


@dg.op(description="Makes a partition of every year that has ended, in Dagster and in the table.")
def prepare_years(
    context: dg.OpExecutionContext, settings: dg.ResourceParam[Settings], warehouse: dg.ResourceParam[Engine]
) -> None:
    """Look ahead as far as the year that ended last; an installation that never had data is left as it is."""
    if not known_years(context.instance):
        context.log.info("No year is known yet: the first materialization of raw/baby_names_csv makes the partitions.")
        return
    first, last = settings.ingest.first_year, datetime.now(UTC).year - 1
    new = add_years(context.instance, first, last)
    ensure_years(warehouse, first, last)
    context.log.info("%s new partitions: %s", len(new), ", ".join(map(str, new)) or "none")


@dg.job(description="Makes the partitions of years that have ended, so that their data finds them.", tags=UPKEEP)
def prepare_years_job() -> None:
    """Look ahead."""
    prepare_years()
