"""The product's definitions, whose sensors are looked at as often as the daemon can: the tests' code location."""

from babynames_assets.definitions import defs

SECONDS = 1

for _sensor in defs.sensors or ():
    _sensor._min_interval = SECONDS  # noqa: SLF001 - Dagster has no other door to it
