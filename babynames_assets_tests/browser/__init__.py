"""Dagster's UI as a person uses it: a real browser, the real webserver and daemon, emulators over HTTP."""
