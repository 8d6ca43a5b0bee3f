"""The product's definitions, whose schedules are due with every minute: a code location of the tests."""

from babynames_assets.definitions import defs

for _schedule in defs.schedules or ():
    _schedule._cron_schedule = "* * * * *"  # type: ignore[union-attr]  # noqa: SLF001 - Dagster has no other door to it
