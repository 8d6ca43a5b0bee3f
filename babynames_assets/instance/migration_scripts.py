"""Lets an instance on SQLite files leave nothing behind when it is closed.

Dagster names its migrations as a resource of a package. For each resource that it is given Alembic registers a handle
that only the end of the process closes, and a code server opens an instance for each look of a sensor.
"""

from importlib import resources

from dagster._core.storage import sql


def name_them_by_path() -> None:
    """Give Dagster the folder of its migrations as a path, of which Alembic keeps nothing."""
    package, _, folder = sql.ALEMBIC_SCRIPTS_LOCATION.rpartition(":")
    if package:
        sql.ALEMBIC_SCRIPTS_LOCATION = str(resources.files(package) / folder)
        sql.get_alembic_config.cache_clear()  # of an instance that was open before
