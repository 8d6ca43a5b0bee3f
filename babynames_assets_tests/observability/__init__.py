"""Tests of logs and progress."""
