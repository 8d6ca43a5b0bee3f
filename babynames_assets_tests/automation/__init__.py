"""Tests of what asks for a run."""
