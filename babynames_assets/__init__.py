"""Baby names from Kaggle to MySQL to HubSpot, as a Dagster asset graph that can prove it lost nothing."""
