"""Tests of the babynames command."""
