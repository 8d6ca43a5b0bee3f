"""The settings of a run. Making them also gives the run's log lines their correlation id, the Dagster run id."""

import dagster as dg
import structlog

from babynames_assets.observability.logging import configure_logging
from babynames_assets.settings import Settings, load_settings


class SettingsFactory(dg.ConfigurableResource[Settings]):
    """Reads the settings from the environment when a run starts, so that none of them stands in its config."""

    def create_resource(self, context: dg.InitResourceContext) -> Settings:
        """Read the settings and bind the run id to every log line of this process."""
        settings = load_settings()
        configure_logging(settings.log_level, environment=settings.environment)
        if context.run:
            structlog.contextvars.bind_contextvars(correlation_id=context.run.run_id)
        return settings
