"""The warehouse database."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from babynames_assets.settings import Settings, load_settings
from babynames_assets.warehouse.engine import Engine, open_engine
from babynames_assets.warehouse.migrations import require_migrated


class WarehouseFactory(dg.ConfigurableResource[Engine]):
    """Opens the warehouse for a run, refuses one whose schema is not up to date, and closes it afterwards."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Engine]:  # noqa: ARG002 - Dagster's signature
        """Open the connection pool that the settings describe."""
        engine = open_warehouse(load_settings())
        try:
            require_migrated(engine)
            yield engine
        finally:
            engine.dispose()


def open_warehouse(settings: Settings) -> Engine:
    """The connection pool that the settings describe."""
    return open_engine(
        settings.warehouse_url,
        pool_size=settings.warehouse.pool_size,
        connect_timeout=settings.warehouse.connect_timeout,
        read_timeout=settings.warehouse.read_timeout,
    )
