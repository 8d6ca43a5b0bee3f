"""Dagster sensors: one module for each thing that is noticed; wiring only."""
