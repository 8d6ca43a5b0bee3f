"""Tests of the HubSpot client, against the emulator over HTTP."""
