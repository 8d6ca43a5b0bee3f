"""Tests of the emulators, by the real clients where there are any."""
