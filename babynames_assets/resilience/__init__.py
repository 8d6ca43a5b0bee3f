"""Retry and rate limiting, free of any system's knowledge."""
