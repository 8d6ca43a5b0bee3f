"""Dagster's own instance: its storage, its runs' workers, what it keeps, and whether it is well."""
