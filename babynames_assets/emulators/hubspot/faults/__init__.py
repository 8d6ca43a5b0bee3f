"""Bad days on order: what the emulated HubSpot answers instead of, or after, doing what a request asks."""
