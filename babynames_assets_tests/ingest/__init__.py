"""Tests of the way from a dataset version to validated frames."""
