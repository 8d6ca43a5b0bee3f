"""Dagster jobs: work that is no asset's materialization, one module a job."""
