"""What keeps the incidents and enters the messages about them."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from babynames_assets.clients import open_warehouse
from babynames_assets.notifications.notifier import Notifier
from babynames_assets.notifications.opening import open_notifier
from babynames_assets.settings import load_settings
from babynames_assets.warehouse.migrations import require_migrated


class NotifierFactory(dg.ConfigurableResource[Notifier]):
    """Opens the notifier for a tick and closes its warehouse afterwards."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Notifier]:  # noqa: ARG002 - Dagster's
        """Open a notifier that tells on the channels of the settings."""
        settings = load_settings()
        engine = open_warehouse(settings)
        try:
            require_migrated(engine)
            yield open_notifier(settings, engine)
        finally:
            engine.dispose()
