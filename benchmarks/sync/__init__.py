"""The benchmark of the sync: ``python -m benchmarks.sync``."""
