"""Tests of retries and the rate limiter."""
