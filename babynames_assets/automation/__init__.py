"""What asks for a run, decided from what was seen: plain Python, which the sensors only carry to Dagster."""
