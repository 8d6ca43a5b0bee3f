"""Tests of the asset checks, by real Dagster runs."""
