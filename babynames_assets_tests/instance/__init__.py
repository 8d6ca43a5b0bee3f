"""Tests of Dagster's own instance."""
