"""Kills syncs, crashes their databases, and compares what is left in table, state and HubSpot."""
