"""The warehouse database."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from babynames_assets.clients import open_warehouse
from babynames_assets.settings import load_settings
from babynames_assets.warehouse.engine import Engine
from babynames_assets.warehouse.migrations import require_migrated


class WarehouseFactory(dg.ConfigurableResource[Engine]):
    """Opens the warehouse for a run, refuses one whose schema is not up to date, and closes it afterwards."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Engine]:  # noqa: ARG002 - Dagster's
        """Open the connection pool that the settings describe."""
        engine = open_warehouse(load_settings())
        try:
            require_migrated(engine)
            yield engine
        finally:
            engine.dispose()
