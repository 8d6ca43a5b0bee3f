"""Tests of the quality engine."""
