"""From a dataset version to validated frames."""
