"""Tests of who is told what goes wrong."""
