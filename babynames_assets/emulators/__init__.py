"""Local servers that speak the wire protocols of Kaggle and HubSpot."""
