"""Tests of the loading engine."""
