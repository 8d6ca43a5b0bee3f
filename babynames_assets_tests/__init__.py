"""Tests: real servers, real files, real runs."""
