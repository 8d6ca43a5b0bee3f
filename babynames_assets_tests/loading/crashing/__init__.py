"""The crash campaign: loaders and servers are killed at random points, and the table is compared with its frames."""
