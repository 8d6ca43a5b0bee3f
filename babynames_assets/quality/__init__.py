"""The quality engine: what is found at each place of the data, and whether it is as it should be."""
