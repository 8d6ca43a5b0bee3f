"""Dagster resources: factories from settings to plain clients."""
