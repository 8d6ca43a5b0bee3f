"""Dagster assets: one module a stage; wiring only."""
