"""A local HubSpot: the CRM API for contacts over real HTTP, with its limits, validation and partial failures."""
