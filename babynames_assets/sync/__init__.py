"""The sync engine: what changed, and getting it to HubSpot."""
