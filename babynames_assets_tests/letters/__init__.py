"""Tests of the dead letters as people meet them."""
